// What the program reads from a verified token of either kind.

export interface JwtPayload {
  sub: string;
}
