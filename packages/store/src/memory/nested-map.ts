/** Values under an app and an id: two maps, so that no key has to be put together per look-up. */
export class NestedMap<Value> {
  readonly #apps = new Map<string, Map<string, Value>>();

  get(app: string, id: string): Value | undefined {
    return this.#apps.get(app)?.get(id);
  }

  getOrAdd(app: string, id: string, make: () => Value): Value {
    let values = this.#apps.get(app);
    if (values === undefined) {
      values = new Map();
      this.#apps.set(app, values);
    }
    let value = values.get(id);
    if (value === undefined) {
      value = make();
      values.set(id, value);
    }
    return value;
  }

  *values(): Generator<Value, void, undefined> {
    for (const values of this.#apps.values()) yield* values.values();
  }

  delete(app: string, id: string): void {
    const values = this.#apps.get(app);
    if (values === undefined) return;
    values.delete(id);
    if (values.size === 0) this.#apps.delete(app);
  }
}
