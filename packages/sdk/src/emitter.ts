/** Ends a subscription; calling it twice does nothing. */
export type Off = () => void;

/** Typed events. A listener that throws disturbs neither the others nor the caller. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, ((value: never) => void)[]>();

  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): Off {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return () => {
      const rest = (this.#listeners.get(name) ?? []).filter((other) => other !== listener);
      this.#listeners.set(name, rest);
    };
  }

  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as (value: Events[Name]) => void)(value);
      } catch (error) {
        // The application's fault: it surfaces as an unhandled rejection, where its own tools look for it.
        void Promise.reject(error);
      }
    }
  }
}
