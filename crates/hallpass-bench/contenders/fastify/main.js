// The contender `fastify`: one open and one guarded route, the guard being
// `@fastify/jwt` as its own documentation sets it up.
//
// Settings are environment variables: BIND, ACCESS_TOKEN_SECRET, TOKEN_ISSUER,
// TOKEN_AUDIENCE, and TOKEN_CACHE. TOKEN_CACHE=true turns on the cache of
// verified tokens, which spares a token seen before a second signature check.

import fastifyJwt from '@fastify/jwt';
import Fastify from 'fastify';

const { BIND, ACCESS_TOKEN_SECRET, TOKEN_ISSUER, TOKEN_AUDIENCE, TOKEN_CACHE } = process.env;

const app = Fastify({ logger: false });

app.register(fastifyJwt, {
  secret: ACCESS_TOKEN_SECRET,
  verify: {
    algorithms: ['HS256'],
    allowedIss: TOKEN_ISSUER,
    allowedAud: TOKEN_AUDIENCE,
    // Without this, a token that lacks one of these claims is let through.
    requiredClaims: ['iss', 'aud', 'exp'],
    cache: TOKEN_CACHE === 'true',
  },
});

async function authenticate(request, reply) {
  try {
    await request.jwtVerify();
  } catch (error) {
    // `@fastify/jwt` gives a token of another algorithm no status, which would be a 500.
    reply.code(401);
    throw error;
  }
}

app.get('/me', { onRequest: authenticate }, async (request) => `hello, user ${request.user.sub}`);

app.get('/open', async () => 'hello');

const [host, port] = BIND.split(':');
console.log(`listening on ${await app.listen({ host, port: Number(port) })}`);
