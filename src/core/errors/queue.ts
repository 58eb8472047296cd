import { defineErrors } from './define.ts';

/** Redis and the BullMQ queues. */
export const QUEUE_ERRORS = defineErrors({
  REDIS_URL_MALFORMED: {
    severity: 'permanent',
    message: 'The Redis address {url} is not usable: {detail}',
    cure: 'Write redis://host:6379, rediss://…, unix:///run/redis.sock, redis-sentinel://a:26379,b:26379/mymaster or redis-cluster://a:6379,b:6379.',
  },
  REDIS_UNREACHABLE: {
    severity: 'temporary',
    message: 'Redis at {url} cannot be reached: {detail}',
    cure: 'Check that Redis runs and that address and password are right. Nothing is lost: work goes on when it is back.',
  },
  QUEUE_NAME_MALFORMED: {
    severity: 'permanent',
    message: '"{name}" is not the name of a queue',
    cure: 'Queues are named <phase> or <phase>@<worker>; `beepro queue list` shows them.',
  },
});
