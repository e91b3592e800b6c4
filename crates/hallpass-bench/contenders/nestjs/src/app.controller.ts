// The two routes under load: `/open` needs nothing, `/me` an access token.

import { Controller, Get, Header, Req, UseGuards } from '@nestjs/common';
import { AccessTokenGuard } from './auth/access-token.guard.js';
import type { JwtPayload } from './auth/jwt-payload.js';

@Controller()
export class AppController {
  @UseGuards(AccessTokenGuard)
  @Get('me')
  @Header('Content-Type', 'text/plain')
  me(@Req() request: { user: JwtPayload }): string {
    return `hello, user ${request.user.sub}`;
  }

  @Get('open')
  @Header('Content-Type', 'text/plain')
  open(): string {
    return 'hello';
  }
}
