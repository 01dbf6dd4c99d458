/** What a check found. `advice` says what to do about it. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'note' | 'problem';
  readonly detail: string;
  readonly advice?: string;
}

export const fine = (check: string, detail: string): Finding => ({ check, status: 'ok', detail });
/** Nothing that keeps the server from running. */
export const noted = (check: string, detail: string, advice: string): Finding => ({ check, status: 'note', detail, advice });
export const problem = (check: string, detail: string, advice: string): Finding => ({ check, status: 'problem', detail, advice });
