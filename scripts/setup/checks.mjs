// What the machine has to offer, looked at all at once before anything is done, so that the user hears of
// everything that is missing together and not one thing after each failed attempt.

/**
 * @typedef {object} MachineFacts
 * @property {string} platform as `linux-x64`
 * @property {boolean} glibc
 * @property {string} nodeVersion as `20.1.0`
 * @property {boolean} npm
 * @property {string | undefined} cargoVersion undefined when cargo is not found or does not work
 * @property {boolean} cc
 * @property {boolean} git
 * @property {boolean} flock
 * @property {number} memoryBytes of the machine, or of the control group if that allows less
 * @property {readonly { path: string, freeBytes: number }[]} disks the file systems that are written to
 * @property {number} diskNeedBytes
 * @property {readonly { what: string, path: string, writable: boolean, cure: string }[]} folders
 */
/** @typedef {{ name: string, problem: string, cure: string }} Failure */
/** @typedef {'node' | 'packages' | 'sealer'} Need */

const GB = 1e9;
const NODE_MAJOR = 20;
/** Dependencies of the proofs library are written in the 2024 edition, which came with 1.85. */
const RUST = [1, 85];
/** C2 of a 2 KiB sector takes 3 GB, generating its parameters 5 GB. */
const MEMORY_BYTES = 8 * GB;
/** A machine of 8 GB reports less: its kernel and devices take some. */
const MEMORY_TOLERANCE = 0.9;

const APT = 'as root: apt-get install';

/**
 * @param {MachineFacts} facts
 * @param {readonly Need[]} needs
 * @returns {Failure[]} empty when all is well
 */
export function failedChecks(facts, needs) {
  return CHECKS.filter((check) => needs.includes(check.need)).flatMap((check) => {
    const failure = check.look(facts);
    return failure ? [{ name: check.name, ...failure }].flat() : [];
  });
}

/**
 * @typedef {object} Check
 * @property {string} name for BEEPRO_SKIP_CHECKS
 * @property {Need} need
 * @property {(facts: MachineFacts) => { problem: string, cure: string } | undefined} look
 */

/** @type {readonly Check[]} */
const CHECKS = [
  {
    name: 'platform',
    need: 'node',
    look: ({ platform, glibc }) => {
      if (/^linux-(x64|arm64)$/.test(platform) && glibc) return undefined;
      return {
        problem: `this is ${platform}${glibc ? '' : ' without the GNU C library'}`,
        cure: 'use Linux with glibc on x64 or arm64, as Debian or Ubuntu are',
      };
    },
  },
  {
    name: 'node',
    need: 'node',
    look: ({ nodeVersion }) => {
      if (Number.parseInt(nodeVersion, 10) >= NODE_MAJOR) return undefined;
      return {
        problem: `node is ${nodeVersion}`,
        cure: `install Node.js ${NODE_MAJOR} or later from nodejs.org`,
      };
    },
  },
  missing('npm', 'packages', (facts) => facts.npm, 'install npm; it comes with Node.js from nodejs.org'),
  missing('git', 'packages', (facts) => facts.git, `${APT} git`),
  missing('flock', 'node', (facts) => facts.flock, `${APT} util-linux`),
  missing('cc', 'sealer', (facts) => facts.cc, `${APT} gcc libc6-dev`),
  {
    name: 'cargo',
    need: 'sealer',
    look: ({ cargoVersion }) => {
      const wanted = RUST.join('.');
      const cure = `install Rust ${wanted} or later from rustup.rs, or "rustup update stable" if you have rustup`;
      if (cargoVersion === undefined) return { problem: 'cargo is not there', cure };
      return isAtLeast(cargoVersion, RUST) ? undefined : { problem: `cargo is ${cargoVersion}`, cure };
    },
  },
  {
    name: 'memory',
    need: 'sealer',
    look: ({ memoryBytes }) => {
      if (memoryBytes >= MEMORY_BYTES * MEMORY_TOLERANCE) return undefined;
      return {
        problem: `there are ${gigabytes(memoryBytes)} of memory, and proofs need ${gigabytes(MEMORY_BYTES)}`,
        cure: 'use a larger machine, or raise the memory limit of the container',
      };
    },
  },
  {
    name: 'disk',
    need: 'sealer',
    look: ({ disks, diskNeedBytes }) => {
      const short = disks.filter((disk) => disk.freeBytes < diskNeedBytes);
      if (short.length === 0) return undefined;
      return {
        problem: short.map(({ path, freeBytes }) => `${path} has ${gigabytes(freeBytes)} free`).join(', '),
        cure: `free ${gigabytes(diskNeedBytes)} there, or move BEEPRO_CACHE_DIR and FIL_PROOFS_PARAMETER_CACHE elsewhere`,
      };
    },
  },
  {
    name: 'folders',
    need: 'node',
    look: ({ folders }) => {
      const locked = folders.filter((folder) => !folder.writable);
      if (locked.length === 0) return undefined;
      return {
        problem: locked.map(({ what, path }) => `${what} cannot be written: ${path}`).join(', '),
        cure: [...new Set(locked.map((folder) => folder.cure))].join('; '),
      };
    },
  },
];

/**
 * @param {string} version as `1.85.0` or `1.90.0-nightly`
 * @param {readonly number[]} wanted
 * @returns {boolean}
 */
export function isAtLeast(version, wanted) {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, minimum] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== minimum) return part > minimum;
  }
  return true;
}

/**
 * @param {string} name
 * @param {Need} need
 * @param {(facts: MachineFacts) => boolean} isThere
 * @param {string} cure
 * @returns {Check}
 */
function missing(name, need, isThere, cure) {
  return {
    name,
    need,
    look: (facts) => (isThere(facts) ? undefined : { problem: `${name} is not there`, cure }),
  };
}

/** @param {number} bytes */
function gigabytes(bytes) {
  return `${(bytes / GB).toFixed(1)} GB`;
}
