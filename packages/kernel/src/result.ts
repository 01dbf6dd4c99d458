/** The outcome of a decision: a value, or a refusal that the caller is expected to handle. */
export type Result<Value, Refusal> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: Refusal };

export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value });

export const refused = <Refusal>(error: Refusal): { readonly ok: false; readonly error: Refusal } => ({ ok: false, error });

/** Marks a branch that the types exclude; throws when it is reached all the same. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
