/** A schema of the kinds that docs/openapi.json has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: 'object' | 'array' | 'string' | 'boolean' | 'integer' | 'number';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** One call of the back-end API, as the document describes it. */
export interface Operation {
  /** `<service>/<method>`. */
  readonly method: string;
  readonly request: Schema;
  /** Of every status that may be answered. */
  readonly answers: ReadonlyMap<number, Schema>;
}

interface Described {
  readonly content: { readonly 'application/json': { readonly schema: Schema } };
}

interface OpenApiDocument {
  readonly paths: Readonly<
    Record<string, { readonly post: { readonly requestBody: Described; readonly responses: Readonly<Record<string, Described | Schema>> } }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly responses: Readonly<Record<string, Described>> };
}

/** The back-end API as its document says that it is. */
export class OpenApi {
  readonly operations: readonly Operation[];
  readonly #document: OpenApiDocument;

  private constructor(document: OpenApiDocument) {
    this.#document = document;
    this.operations = Object.entries(document.paths).map(([path, { post }]) => ({
      method: path.replace('/v1/', ''),
      request: post.requestBody.content['application/json'].schema,
      answers: new Map(Object.entries(post.responses).map(([status, answer]) => [Number(status), this.#schemaOf(answer)])),
    }));
  }

  /** As a server gives it to everybody. */
  static async fetch(adminUrl: string): Promise<OpenApi> {
    return new OpenApi((await (await fetch(`${adminUrl}/v1/openapi.json`)).json()) as OpenApiDocument);
  }

  /** The schema itself, where there is a reference to it. */
  resolve(schema: Schema): Schema {
    return schema.$ref === undefined ? schema : this.#named('schemas', schema.$ref);
  }

  /** Why a value is not what the schema says, with the place; undefined when it is. A field that is not described is wrong as well. */
  deviationOf(value: unknown, schema: Schema, place = 'answer'): string | undefined {
    const { type, enum: names, pattern, minimum = 0, maximum = Number.MAX_SAFE_INTEGER, items, ...whole } = this.resolve(schema);
    const isType = type === 'array' ? Array.isArray(value) : type === 'integer' ? Number.isInteger(value) : typeof value === type;
    if (!isType || value === null) return `${place}: expected ${type}, got ${JSON.stringify(value)?.slice(0, 80)}`;
    if (Array.isArray(value)) return firstOf(value, (item, index) => this.deviationOf(item, items ?? {}, `${place}[${index}]`));
    if (typeof value === 'string') {
      if (names !== undefined && !names.includes(value)) return `${place}: no such name, ${value}`;
      return pattern === undefined || new RegExp(pattern).test(value) ? undefined : `${place}: ${value} is not ${pattern}`;
    }
    if (typeof value === 'number') return value >= minimum && value <= maximum ? undefined : `${place}: out of range, ${value}`;
    return typeof value === 'object' ? this.#deviationOfObject({ ...value }, whole, place) : undefined;
  }

  #deviationOfObject(value: Readonly<Record<string, unknown>>, schema: Schema, place: string): string | undefined {
    const { properties = {}, required = [], additionalProperties } = schema;
    const missing = required.find((name) => !(name in value));
    if (missing !== undefined) return `${place}.${missing}: missing`;
    return firstOf(Object.entries(value), ([name, item]) => {
      const property = properties[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
      return property === undefined ? `${place}.${name}: not described` : this.deviationOf(item, property, `${place}.${name}`);
    });
  }

  #schemaOf(answer: Described | Schema): Schema {
    if ('content' in answer) return answer.content['application/json'].schema;
    return this.#named('responses', answer.$ref ?? '').content['application/json'].schema;
  }

  #named<Kind extends 'schemas' | 'responses'>(kind: Kind, ref: string): OpenApiDocument['components'][Kind][string] {
    const name = ref.replace(`#/components/${kind}/`, '');
    const found = this.#document.components[kind][name];
    if (found === undefined) throw new Error(`the document has no ${ref}`);
    return found as OpenApiDocument['components'][Kind][string];
  }
}

function firstOf<T>(items: readonly T[], look: (item: T, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = look(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
