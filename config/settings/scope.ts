import { type ActorId, BeeproError } from '#core';
import { type ScopeKind, type SettingName, settingDefinition } from '../registry/index.ts';

/** For whom a value is asked. The class is the worker's own (`worker.class`) unless given. */
export interface SettingContext {
  readonly miner?: ActorId | undefined;
  readonly worker?: string | undefined;
  readonly class?: string | undefined;
}

const FORMS: Readonly<Record<ScopeKind, readonly RegExp[]>> = {
  global: [],
  miner: [/^miner:\d{1,15}$/],
  worker: [/^worker:[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, /^class:[A-Za-z0-9._-]{1,63}$/],
};

const ALLOWED: Readonly<Record<ScopeKind, string>> = {
  global: 'it is the same for everyone: use *',
  miner: 'use * or miner:NUMBER, such as miner:1000',
  worker: 'use *, class:NAME or worker:NAME',
};

/** Where a value may come from, the most specific first: worker, class, miner, everyone. */
export function scopesFor(kind: ScopeKind, context: SettingContext): string[] {
  const scopes: string[] = [];
  if (kind === 'worker' && context.worker !== undefined) scopes.push(`worker:${context.worker}`);
  if (kind === 'worker' && context.class) scopes.push(`class:${context.class}`);
  if (kind === 'miner' && context.miner !== undefined) scopes.push(`miner:${context.miner}`);
  return [...scopes, '*'];
}

/** @throws BeeproError `SETTING_SCOPE_INVALID` */
export function checkScope(name: SettingName, scope: string): void {
  const kind = settingDefinition(name).scope;
  if (scope === '*') return;
  const isClassOfClass = name === 'worker.class' && scope.startsWith('class:');
  if (!isClassOfClass && FORMS[kind].some((form) => form.test(scope))) return;
  throw new BeeproError('SETTING_SCOPE_INVALID', { name, scope, detail: ALLOWED[kind] });
}
