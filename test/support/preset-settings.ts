import { type SettingName, type Settings, type SettingValue, settingDefinition } from '#config';

/** Settings at their defaults, but for what a test sets; it may change them at any time. */
export class PresetSettings implements Pick<Settings, 'get'> {
  readonly #values = new Map<SettingName, unknown>();

  set<N extends SettingName>(name: N, value: SettingValue<N>): this {
    this.#values.set(name, value);
    return this;
  }

  get<N extends SettingName>(name: N): SettingValue<N> {
    if (!this.#values.has(name)) {
      const { type, default: preset } = settingDefinition(name);
      this.#values.set(name, type.parse(preset));
    }
    return this.#values.get(name) as SettingValue<N>;
  }
}
