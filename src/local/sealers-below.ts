import { readdirSync, readFileSync } from 'node:fs';

/** The processes of sealers whose journals lie below a folder: they are children of nobody, so they are looked up. */
export function sealersBelow(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const words = commandLine(pid);
      return words.includes('serve') && words.some((word) => word.startsWith(`${dir}/`));
    });
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended since
  }
}
