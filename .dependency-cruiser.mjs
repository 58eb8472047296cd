/**
 * What each folder may import, besides itself and packages. `docs/architecture.md` explains the arrows;
 * a folder is entered through its `index.ts` only.
 */
const MAY_IMPORT = {
  'src/core': [],
  'src/log': ['src/core'],
  'src/sched': ['src/core'],
  db: ['src/core'],
  config: ['src/core', 'db'],
  queues: ['src/core', 'db'],
  'src/sealer': ['src/core', 'src/log'],
  'src/replay': ['src/core', 'src/sealer'],
  'src/params': ['src/core', 'src/log', 'src/sealer'],
  'src/chain/codec': ['src/core'],
  'src/wallet': ['src/core', 'src/chain/codec'],
  'src/chain': ['src/core', 'src/log', 'db', 'config', 'src/chain/codec', 'src/wallet'],
  'src/storage': ['src/core', 'src/log', 'db', 'config'],
  'src/pieces': ['src/core', 'src/log', 'db', 'config', 'src/sealer', 'src/storage', 'src/chain/codec'],
  'src/post': ['src/core', 'db', 'src/chain/codec', 'src/sealer'],
  'src/sector': [
    ...['src/core', 'src/log', 'db', 'config', 'queues', 'src/sched', 'src/chain', 'src/chain/codec'],
    ...['src/pieces', 'src/wallet'],
  ],
  workers: [
    ...['src/core', 'src/log', 'db', 'config', 'queues', 'src/sched', 'src/sealer', 'src/params'],
    ...['src/storage', 'src/pieces', 'src/chain', 'src/chain/codec', 'src/sector'],
  ],
  'src/devnet': ['src/core', 'src/log', 'src/chain/codec', 'src/chain', 'src/sealer', 'src/wallet'],
  'src/local': ['src/core', 'db', 'config', 'queues', 'src/chain', 'src/sector', 'src/devnet'],
  'src/roles': [
    ...['src/core', 'src/log', 'db', 'config', 'queues', 'src/sched', 'src/sealer', 'src/params'],
    ...['src/storage', 'src/pieces', 'src/chain', 'src/chain/codec', 'src/wallet', 'src/sector'],
    ...['src/post', 'workers', 'src/devnet'],
  ],
  // The simulation shows what the decisions are worth, and sees nothing but them.
  // The form of a machine's profile is the replay sealer's, which plays the same files.
  'bench/fleets': ['src/replay'],
  'bench/fleet': ['src/core', 'src/sched', 'bench/fleets'],
};

/** @type {'error'} */
const ERROR = 'error';

/**
 * The folder's own files, less those of a folder inside it that has rules of its own.
 * @param {string} folder
 */
function inside(folder) {
  const nested = Object.keys(MAY_IMPORT).filter((other) => other.startsWith(`${folder}/`));
  const not = nested.map((other) => `^${other}/`).join('|');
  return { path: `^${folder}/`, ...(not ? { pathNot: not } : {}) };
}

const arrows = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `${folder} imports only what lies below it`,
  severity: ERROR,
  from: inside(folder),
  to: {
    path: '^(src|db|config|queues|workers|test|bench|scripts)/',
    pathNot: [`^${folder}/`, ...allowed.map((other) => `^${other}/`)].join('|'),
  },
}));

/** Folders of programs and data, which nobody enters through one door. */
const OPEN = new Set(['bench/fleet', 'bench/fleets']);

const doors = [...Object.keys(MAY_IMPORT).filter((folder) => !OPEN.has(folder)), 'src/web'].map((folder) => ({
  name: `${folder} is entered through its index.ts`,
  severity: ERROR,
  from: { pathNot: `^${folder}/` },
  to: {
    ...inside(folder),
    pathNot: [`^${folder}/index\\.js$`, inside(folder).pathNot].filter(Boolean).join('|'),
  },
}));

/** @type {import('dependency-cruiser').IConfiguration & { forbidden: object, options: object }} */
export default {
  forbidden: [{ name: 'no cycles', severity: ERROR, from: {}, to: { circular: true } }, ...arrows, ...doors],
  options: {
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'default'],
      extensions: ['.js'],
    },
  },
};
