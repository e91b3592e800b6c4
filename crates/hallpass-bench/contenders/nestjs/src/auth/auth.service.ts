// Registration, login, refresh and logout. A user has one refresh token at a
// time, and the database holds its bcrypt hash.

import { randomUUID } from 'node:crypto';
import {
  BadRequestException,
  ForbiddenException,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import bcrypt from 'bcrypt';
import { settings } from '../settings.js';
import { UsersService } from '../users/users.service.js';
import type { CredentialsDto } from './credentials.dto.js';

const BCRYPT_COST = 10;

export interface Tokens {
  access_token: string;
  refresh_token: string;
}

@Injectable()
export class AuthService {
  constructor(
    private readonly usersService: UsersService,
    private readonly jwtService: JwtService,
  ) {}

  async register({ login, password }: CredentialsDto): Promise<Tokens> {
    if (await this.usersService.findByLogin(login)) {
      throw new BadRequestException('User already exists');
    }
    const user = await this.usersService.create({
      login,
      password: await bcrypt.hash(password, BCRYPT_COST),
    });
    return this.issueTokens(user.id);
  }

  async login({ login, password }: CredentialsDto): Promise<Tokens> {
    const user = await this.usersService.findByLogin(login);
    if (!user || !(await bcrypt.compare(password, user.password))) {
      throw new UnauthorizedException();
    }
    return this.issueTokens(user.id);
  }

  async refreshTokens(userId: number, refreshToken: string): Promise<Tokens> {
    const user = await this.usersService.findById(userId);
    if (!user?.refreshToken) {
      throw new ForbiddenException('Access Denied');
    }
    if (!(await bcrypt.compare(refreshToken, user.refreshToken))) {
      throw new ForbiddenException('Access Denied');
    }
    return this.issueTokens(user.id);
  }

  async logout(userId: number): Promise<void> {
    await this.usersService.update(userId, { refreshToken: null });
  }

  private async issueTokens(userId: number): Promise<Tokens> {
    const [accessToken, refreshToken] = await Promise.all([
      this.signToken(userId, settings.accessTokenSecret, '15m'),
      this.signToken(userId, settings.refreshTokenSecret, '7d'),
    ]);
    await this.usersService.update(userId, {
      refreshToken: await bcrypt.hash(refreshToken, BCRYPT_COST),
    });
    return { access_token: accessToken, refresh_token: refreshToken };
  }

  private signToken(userId: number, secret: string, expiresIn: '15m' | '7d'): Promise<string> {
    return this.jwtService.signAsync(
      { sub: String(userId) },
      {
        secret,
        expiresIn,
        issuer: settings.tokenIssuer,
        audience: settings.tokenAudience,
        jwtid: randomUUID(),
      },
    );
  }
}
