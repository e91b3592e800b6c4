// How a refresh token is checked: from the body, by its own secret. The token
// itself goes along with its claims, to be compared with the stored hash.

import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { settings } from '../settings.js';
import type { JwtPayload } from './jwt-payload.js';

export interface RefreshTokenUser extends JwtPayload {
  refreshToken: string;
}

@Injectable()
export class RefreshTokenStrategy extends PassportStrategy(Strategy, 'jwt-refresh') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromBodyField('refresh_token'),
      secretOrKey: settings.refreshTokenSecret,
      issuer: settings.tokenIssuer,
      audience: settings.tokenAudience,
      algorithms: ['HS256'],
      passReqToCallback: true,
    });
  }

  validate(request: { body: { refresh_token: string } }, payload: JwtPayload): RefreshTokenUser {
    return { ...payload, refreshToken: request.body.refresh_token };
  }
}
