// What a client sends to register or to log in.

export class CredentialsDto {
  login!: string;
  password!: string;
}
