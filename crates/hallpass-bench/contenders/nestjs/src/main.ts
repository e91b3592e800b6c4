// The contender `nestjs`: access and refresh tokens as the well-known NestJS
// tutorials write them. Passport strategies guard the routes, TypeORM keeps one
// refresh token a user, and bcrypt (cost 10) hashes passwords and refresh tokens.
//
// Settings are environment variables, listed in settings.ts. The program prints
// one line once it answers, and ends on SIGTERM.
//
// One cost and one flaw are kept as the tutorials have them. The secrets are strings,
// so jsonwebtoken 9 tries each as a public key before every check: on Node 20 most of
// what `/me` costs (https://github.com/auth0/node-jsonwebtoken/issues/1046). And
// bcrypt reads only 72 bytes, which of a JWT are the header and the first claims, so
// a refresh token that was replaced can still pass.

import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { settings } from './settings.js';

const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
app.enableShutdownHooks();

const [host, port] = settings.bind.split(':');
await app.listen(Number(port), host);
console.log(`listening on ${await app.getUrl()}`);
