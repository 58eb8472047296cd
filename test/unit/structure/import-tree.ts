import { globSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const FOLDERS = ['src', 'config', 'db', 'queues', 'workers', 'bench/fleet', 'bench/fleets'];
/** Static, type-only, re-exporting and dynamic imports, in the one form that the formatter leaves. */
const SPECIFIER = /(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g;

/**
 * Copies the source tree with nothing left of each file but its imports, as plain JavaScript: dependency-cruiser can
 * parse neither TypeScript 7 nor `using` declarations. Type-only imports count like others.
 */
export function copyImportTree(root: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'beepro-imports-'));
  for (const path of globSync(
    FOLDERS.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  )) {
    const specifiers = readFileSync(join(root, path), 'utf8').matchAll(SPECIFIER);
    const lines = [...specifiers].map(([, specifier = '']) => `import '${asJavaScript(specifier)}';\n`);
    const target = join(copy, asJavaScript(path));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, lines.join(''));
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    imports: Record<string, { development: string }>;
  };
  const imports = Object.entries(manifest.imports).map(([name, to]) => [name, asJavaScript(to.development)]);
  writeFileSync(
    join(copy, 'package.json'),
    JSON.stringify({ type: 'module', imports: Object.fromEntries(imports) }),
  );
  return copy;
}

function asJavaScript(path: string): string {
  return path.replace(/\.ts$/, '.js');
}
