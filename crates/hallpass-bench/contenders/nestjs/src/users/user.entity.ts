// A row of the table `users`. Both secrets in it are bcrypt hashes.

import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ unique: true })
  login!: string;

  @Column()
  password!: string;

  @Column({ type: 'varchar', nullable: true })
  refreshToken!: string | null;
}
