import { type ScopeKind, SETTING_NAMES, type SettingName, settingDefinition } from './registry/index.ts';

const SCOPES: Readonly<Record<ScopeKind, string>> = {
  global: 'everyone',
  miner: 'miner',
  worker: 'class, worker',
};

/** `docs/settings.md`: every setting with its kind, default, scope and meaning. */
export function renderSettingsPage(): string {
  const groups = Map.groupBy(SETTING_NAMES, (name) => name.split('.', 1)[0] ?? name);
  return [
    '# Settings',
    '',
    'Settings live in the database and take effect everywhere within 2 s, without a restart. Change them with',
    '`beepro setting set NAME VALUE [--scope SCOPE]`, or by SQL:',
    '',
    '```sql',
    "INSERT INTO setting (name, scope, value) VALUES ('worker.limit.precommit1', 'worker:host-a', '4')",
    '  ON DUPLICATE KEY UPDATE value = VALUES(value);',
    '```',
    '',
    'A value counts for a scope: `*` (everyone), `miner:1000`, `class:NAME` (workers of that `worker.class`) or',
    '`worker:NAME`. The most specific one wins: worker, then class, then miner, then everyone, then the default.',
    '`beepro setting get NAME` says where a value comes from, `beepro setting history` who changed what and when; a',
    'change by SQL is noted with `sql` as its author. A malformed value has no effect: the last good one stays in force',
    'and `beepro setting list` shows the error.',
    '',
    'Durations are written `1500ms`, `30s`, `1h30m`, `2d`; sizes `512MiB`, `1GiB`; epochs (30 s each) `900`, `12h`,',
    '`540d`; money `0.5 FIL`, `3 nanoFIL`. This page is made from the registry in `config/registry/`, and a test holds',
    'the two together.',
    '',
    ...[...groups].flatMap(([group, names]) => [
      `## ${group}`,
      '',
      '| name | kind | default | may differ by | what it does |',
      '|---|---|---|---|---|',
      ...names.map(row),
      '',
    ]),
  ].join('\n');
}

function row(name: SettingName): string {
  const { type, default: preset, scope, doc } = settingDefinition(name);
  const kind = type.range === '' ? type.name : `${type.name}: ${type.range}`;
  const shown = preset === '' ? '(empty)' : `\`${preset}\``;
  return `| \`${name}\` | ${cell(kind)} | ${shown} | ${SCOPES[scope]} | ${cell(doc)} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
