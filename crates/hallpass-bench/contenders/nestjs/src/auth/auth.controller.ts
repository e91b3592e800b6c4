// The routes under `/auth`.

import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from './access-token.guard.js';
import { AuthService, type Tokens } from './auth.service.js';
import { CredentialsDto } from './credentials.dto.js';
import type { JwtPayload } from './jwt-payload.js';
import { RefreshTokenGuard } from './refresh-token.guard.js';
import type { RefreshTokenUser } from './refresh-token.strategy.js';

@Controller('auth')
export class AuthController {
  constructor(private readonly authService: AuthService) {}

  @Post('register')
  register(@Body() credentials: CredentialsDto): Promise<Tokens> {
    return this.authService.register(credentials);
  }

  @HttpCode(200)
  @Post('login')
  login(@Body() credentials: CredentialsDto): Promise<Tokens> {
    return this.authService.login(credentials);
  }

  @UseGuards(RefreshTokenGuard)
  @HttpCode(200)
  @Post('refresh')
  refresh(@Req() { user }: { user: RefreshTokenUser }): Promise<Tokens> {
    return this.authService.refreshTokens(Number(user.sub), user.refreshToken);
  }

  @UseGuards(AccessTokenGuard)
  @HttpCode(204)
  @Post('logout')
  logout(@Req() { user }: { user: JwtPayload }): Promise<void> {
    return this.authService.logout(Number(user.sub));
  }
}
