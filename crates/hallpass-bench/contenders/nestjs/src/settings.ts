// What the program is told from outside: environment variables, each of them
// required. A missing one ends the program at its start.

import type { TypeOrmModuleOptions } from '@nestjs/typeorm';

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`the environment variable ${name} is not set`);
  }
  return value;
}

export const settings = {
  bind: required('BIND'),
  accessTokenSecret: required('ACCESS_TOKEN_SECRET'),
  refreshTokenSecret: required('REFRESH_TOKEN_SECRET'),
  tokenIssuer: required('TOKEN_ISSUER'),
  tokenAudience: required('TOKEN_AUDIENCE'),
  databaseUrl: required('DATABASE_URL'),
};

/** Returns how TypeORM reaches `postgres://…` or `sqlite:PATH`. */
export function databaseOptions(): TypeOrmModuleOptions {
  const { databaseUrl } = settings;
  if (databaseUrl.startsWith('sqlite:')) {
    return { type: 'better-sqlite3', database: databaseUrl.slice('sqlite:'.length) };
  }
  return { type: 'postgres', url: databaseUrl };
}
