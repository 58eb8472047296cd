import type { Severity } from './define.ts';
import { ERRORS } from './table.ts';

const MEANING: Readonly<Record<Severity, string>> = {
  temporary: 'trying again later may succeed; the system does so by itself, with back-off and a bound',
  permanent:
    'the same again cannot succeed; a sector goes back to an earlier step or is parked, a command is refused',
  fatal: 'the process cannot go on; it stops and says why',
};

/** `docs/errors.md`: every code with its severity, message and cure. */
export function renderErrorsPage(): string {
  const codes = Object.entries(ERRORS).sort(([a], [b]) => a.localeCompare(b, 'en'));
  const domains = Map.groupBy(codes, ([code]) => code.split('_', 1)[0] ?? code);
  const severities = Object.entries(MEANING).map(([name, meaning]) => `- **${name}**: ${meaning}.`);
  const sections = [...domains].map(([domain, entries]) =>
    [
      `## ${domain}`,
      '',
      '| code | severity | message | what to do |',
      '|---|---|---|---|',
      ...entries.map(
        ([code, { severity, message, cure }]) =>
          `| \`${code}\` | ${severity} | ${cell(message)} | ${cell(cure)} |`,
      ),
      '',
    ].join('\n'),
  );
  return [
    '# Errors',
    '',
    'Every error carries a code. Logs, the command line (`--json`), parked sectors and failed runs name it;',
    'this page is made from the table in `src/core/errors/`, and a test holds the two together.',
    '',
    ...severities,
    '',
    ...sections,
  ].join('\n');
}

function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replace(/\{(\w+)\}/g, '*$1*');
}
