// Reads and writes users.

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { User } from './user.entity.js';

@Injectable()
export class UsersService {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  create(user: Pick<User, 'login' | 'password'>): Promise<User> {
    return this.users.save(this.users.create(user));
  }

  findById(id: number): Promise<User | null> {
    return this.users.findOneBy({ id });
  }

  findByLogin(login: string): Promise<User | null> {
    return this.users.findOneBy({ login });
  }

  async update(id: number, changes: Partial<User>): Promise<void> {
    await this.users.update(id, changes);
  }
}
