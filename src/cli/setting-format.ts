import {
  parseSettingName,
  SETTING_NAMES,
  type SettingContext,
  type SettingEntry,
  type SettingName,
  type Settings,
  settingDefinition,
} from '#config';

/** A line of `setting list`. */
export interface SettingLine {
  readonly name: string;
  /** What is in force. */
  readonly value: string | null;
  /** `default`, or the scope that decided. */
  readonly from: string;
  readonly default: string | null;
  readonly kind: string | null;
  readonly doc: string | null;
  /** Why a row of the table has no effect. */
  readonly error?: string;
}

/**
 * Every setting as it counts for somebody; asked for nobody in particular, also one line for each narrower scope that
 * has a value. Rows of the table without effect are shown as such.
 */
export function listSettings(
  settings: Settings,
  whom: SettingContext,
  filter: { readonly prefix?: string | undefined; readonly changed?: boolean | undefined },
): SettingLine[] {
  const isForAll = whom.miner === undefined && whom.worker === undefined && whom.class === undefined;
  const scoped = Map.groupBy(settings.entries, (entry) => entry.name);
  const lines = SETTING_NAMES.flatMap((name) => {
    const explained = explainLine(settings, name, whom);
    const narrower = isForAll ? (scoped.get(name) ?? []).filter((entry) => entry.scope !== '*') : [];
    return [explained, ...narrower.map((entry) => entryLine(name, entry))];
  });
  const unknown = settings.invalid
    .filter((entry) => entry.error?.code === 'SETTING_UNKNOWN')
    .map((entry) => ({
      name: entry.name,
      value: entry.text,
      from: entry.scope,
      default: null,
      kind: null,
      doc: null,
      error: entry.error?.message ?? '',
    }));
  return [...lines, ...unknown].filter(
    (line) =>
      line.name.startsWith(filter.prefix ?? '') &&
      !(filter.changed && line.from === 'default' && line.error === undefined),
  );
}

/** A setting with everything that its scopes have to say. @throws BeeproError `SETTING_UNKNOWN` */
export function explainSetting(
  settings: Settings,
  text: string,
  { miner, worker, class: of }: SettingContext,
) {
  const name = parseSettingName(text);
  const { asked, from, text: value } = settings.explain(name, { miner, worker, class: of });
  const { type, default: preset, doc } = settingDefinition(name);
  return {
    name,
    value,
    from,
    default: preset,
    kind: kindOf(name),
    range: type.range,
    doc,
    asked: asked.map(({ scope, entry }) => ({
      scope,
      text: entry?.text ?? null,
      error: entry?.error?.message ?? null,
    })),
  };
}

function explainLine(
  settings: Settings,
  name: SettingName,
  { miner, worker, class: of }: SettingContext,
): SettingLine {
  const { asked, from, text } = settings.explain(name, { miner, worker, class: of });
  const wrong = asked.find(({ entry }) => entry?.error !== undefined)?.entry;
  return { name, value: text, from, ...about(name), ...errorOf(wrong) };
}

function entryLine(name: SettingName, entry: SettingEntry): SettingLine {
  return { name, value: entry.inForce?.text ?? null, from: entry.scope, ...about(name), ...errorOf(entry) };
}

function about(name: SettingName) {
  const { default: preset, doc } = settingDefinition(name);
  return { default: preset, kind: kindOf(name), doc };
}

function kindOf(name: SettingName): string {
  return settingDefinition(name).type.name;
}

function errorOf(entry: SettingEntry | undefined): { error?: string } {
  return entry?.error ? { error: entry.error.message } : {};
}
