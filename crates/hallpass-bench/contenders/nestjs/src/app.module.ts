// The whole application: the database, the users, the authentication, and the
// two routes that the load asks for.

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AppController } from './app.controller.js';
import { AuthModule } from './auth/auth.module.js';
import { databaseOptions } from './settings.js';

@Module({
  imports: [
    TypeOrmModule.forRoot({ ...databaseOptions(), autoLoadEntities: true, synchronize: true }),
    AuthModule,
  ],
  controllers: [AppController],
})
export class AppModule {}
