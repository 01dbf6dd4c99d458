/** Ends a subscription; calling it twice does nothing. */
export type Off = () => void;

/** Typed events. A listener that throws disturbs neither the others nor the caller. */
export class Emitter<Events> {
  readonly #surface: (error: unknown) => void;
  readonly #listeners = new Map<keyof Events, ((value: never) => void)[]>();

  /**
   * What a listener throws is the application's fault: by default it surfaces as an unhandled rejection, where the
   * application's own tools look for it.
   */
  constructor(surface: (error: unknown) => void = (error) => void Promise.reject(error)) {
    this.#surface = surface;
  }

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
        this.#surface(error);
      }
    }
  }
}
