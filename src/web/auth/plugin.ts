import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { loginPage } from '../pages/login-page.ts';
import type { WebCredentials } from './credentials.ts';
import { LoginThrottle } from './login-throttle.ts';
import { isSessionValid, issueSession, SESSION_MS } from './session.ts';

const COOKIE = 'beepro_session';
/** Reachable without a login: the login itself with its looks, and a liveness probe that tells nothing. */
const OPEN_PATHS = new Set(['/login', '/healthz', '/assets/style.css', '/assets/icon.svg']);

/**
 * Puts a login before everything. A request without a session is sent to the login page, or answered 401 where
 * no person looks. `/metrics` also takes the password by HTTP basic authentication, for Prometheus. A request
 * that would change something must come from our own pages (Origin), besides the cookie's SameSite=Strict.
 */
export async function registerAuth(server: FastifyInstance, credentials: WebCredentials): Promise<void> {
  await server.register(cookie);
  const throttle = new LoginThrottle();

  server.addHook('onRequest', async (request, reply) => {
    if (!isSameOrigin(request)) return reply.code(403).send({ error: 'request from another origin' });
    const path = request.url.split('?', 1)[0] ?? '/';
    if (OPEN_PATHS.has(path)) return;
    if (isSessionValid(request.cookies[COOKIE], credentials.sessionKey, Date.now())) return;
    if (path === '/metrics' && hasBasicPassword(request, credentials, throttle)) return;
    if (request.method === 'GET' && request.headers.accept?.includes('text/html'))
      return reply.redirect('/login');
    return reply.code(401).header('www-authenticate', 'Basic realm="beepro"').send({ error: 'log in first' });
  });

  server.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );

  server.get('/login', async (_request, reply) => reply.type('text/html').send(loginPage()));

  server.post<{ Body: { password?: unknown } }>('/login', { bodyLimit: 4096 }, async (request, reply) => {
    const waitMs = throttle.waitMs(request.ip, Date.now());
    if (waitMs > 0) return refuseLogin(reply, 429, `Too many attempts: wait ${Math.ceil(waitMs / 1000)} s.`);
    const password = request.body?.password;
    if (typeof password !== 'string' || !credentials.matches(password)) {
      throttle.failed(request.ip, Date.now());
      return refuseLogin(reply, 401, 'That is not the password.');
    }
    throttle.succeeded(request.ip);
    return reply
      .setCookie(COOKIE, issueSession(credentials.sessionKey, Date.now()), {
        httpOnly: true,
        sameSite: 'strict',
        secure: request.protocol === 'https',
        path: '/',
        maxAge: SESSION_MS / 1000,
      })
      .redirect('/', 303);
  });

  server.post('/logout', async (_request, reply) =>
    reply.clearCookie(COOKIE, { path: '/' }).redirect('/login', 303),
  );
}

function refuseLogin(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply.code(status).type('text/html').send(loginPage(reason));
}

function isSameOrigin(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

function hasBasicPassword(
  request: FastifyRequest,
  credentials: WebCredentials,
  throttle: LoginThrottle,
): boolean {
  const encoded = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined || throttle.waitMs(request.ip, Date.now()) > 0) return false;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const matches = credentials.matches(decoded.slice(decoded.indexOf(':') + 1));
  if (!matches) throttle.failed(request.ip, Date.now());
  return matches;
}
