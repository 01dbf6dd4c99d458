/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of this process. Nothing else in Parley reads them. */
export const processEnvironment: Environment = process.env;
