import { readFileSync } from 'node:fs';
import { type CollectionTag, parse, type ScalarTag, type YAMLMap, type YAMLSeq } from 'yaml';

/** A template's value as CloudFormation's long form has it: a scalar, a list, a map, or a map with one `Fn::…` or `Ref`. */
type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

interface Parameter {
  readonly Default?: string | number;
  readonly AllowedPattern?: string;
  readonly AllowedValues?: readonly string[];
  readonly MinLength?: number;
  readonly MaxLength?: number;
  readonly MinValue?: number;
  readonly MaxValue?: number;
  readonly ConstraintDescription?: string;
}

interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties?: { readonly [key: string]: Value };
}

interface Template {
  readonly Parameters?: Readonly<Record<string, Parameter>>;
  readonly Conditions?: Readonly<Record<string, Value>>;
  readonly Globals?: { readonly Function?: { readonly [key: string]: Value } };
  readonly Resources: Readonly<Record<string, Resource>>;
}

/** A deployment that CloudFormation would not have started, or not finished. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
}

/** A Lambda function as its template describes it. */
export interface FunctionDescription {
  readonly logicalId: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout: number;
  /** Megabytes. */
  readonly memory: number;
}

/** Where a stack is deployed, and what its resources are called there once they exist. */
export interface StackPlace {
  readonly account: string;
  readonly region: string;
  /** What `Ref` gives for a resource, by logical id. */
  readonly refs: ReadonlyMap<string, string>;
  /** What `GetAtt` gives, by `LogicalId.Attribute`. */
  readonly attributes?: ReadonlyMap<string, string>;
}

/**
 * One of the SAM templates with values for its parameters: what CloudFormation would make of it, as far as the cloud
 * on this machine makes it too.
 */
export class Stack {
  readonly #template: Template;
  readonly #parameters: ReadonlyMap<string, string>;

  /**
   * @param file the template.
   * @param parameters values for its parameters; those left out have their defaults.
   * @throws DeploymentError naming the parameter that has no value, one that is not allowed, or that does not exist.
   */
  constructor(file: string, parameters: Readonly<Record<string, string>>) {
    // The parser's result is what the templates' own tests check with cfn-lint's rules; here its outline is enough.
    this.#template = parse(readFileSync(file, 'utf8'), { customTags: SHORT_FORMS }) as Template;
    this.#parameters = checkParameters(this.#template.Parameters ?? {}, parameters);
  }

  /** The logical ids of the resources of a type. */
  ofType(type: string): string[] {
    return Object.entries(this.#template.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([logicalId]) => logicalId);
  }

  /** Some properties of a resource, with every reference in them replaced. A property that is not there is left out. */
  properties<Name extends string>(
    logicalId: string,
    names: readonly Name[],
    place: StackPlace,
  ): { readonly [name in Name]?: unknown } {
    const { Properties = {} } = this.#resource(logicalId);
    const wanted = names.filter((name) => name in Properties);
    // The entries are those of the names asked for.
    return Object.fromEntries(
      wanted.map((name) => [name, this.#evaluate(Properties[name] ?? null, place)]),
    ) as { readonly [name in Name]?: unknown };
  }

  /** A property that is a text. @throws DeploymentError when it is not. */
  text(logicalId: string, property: string, place: StackPlace): string {
    const value = this.properties(logicalId, [property], place)[property];
    if (typeof value !== 'string') throw new DeploymentError(`${logicalId} has no ${property}.`);
    return value;
  }

  /** A function with the environment that its template gives it, the template's defaults for functions included. */
  function(logicalId: string, place: StackPlace): FunctionDescription {
    const names = ['Environment', 'MemorySize', 'Timeout'] as const;
    const own = this.properties(logicalId, names, place);
    const globals = this.#evaluate(this.#template.Globals?.Function ?? {}, place) as typeof own; // a map stays a map
    return {
      logicalId,
      environment: { ...variables(globals.Environment), ...variables(own.Environment) },
      timeout: Number(own.Timeout ?? globals.Timeout),
      memory: Number(own.MemorySize ?? globals.MemorySize),
    };
  }

  #resource(logicalId: string): Resource {
    const resource = this.#template.Resources[logicalId];
    if (!resource) throw new DeploymentError(`The template has no resource ${logicalId}.`);
    return resource;
  }

  #evaluate(value: Value, place: StackPlace): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#evaluate(item, place));
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = ['', null], ...more] = Object.entries(value);
    if (more.length === 0 && name in FUNCTIONS) {
      // The line above has just found the name among the functions.
      return FUNCTIONS[name as keyof typeof FUNCTIONS](argument, {
        ref: (id) => this.#ref(id, place),
        attribute: (path) => this.#attribute(path, place),
        evaluate: (inner) => this.#evaluate(inner, place),
        condition: (id) => {
          const condition = this.#template.Conditions?.[id];
          if (condition === undefined) throw new DeploymentError(`The template has no condition ${id}.`);
          return this.#evaluate(condition, place);
        },
      });
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, this.#evaluate(inner, place)]),
    );
  }

  #ref(id: string, { account, region, refs }: StackPlace): string {
    const value =
      {
        'AWS::AccountId': account,
        'AWS::Partition': 'aws',
        'AWS::Region': region,
        'AWS::URLSuffix': 'amazonaws.com',
      }[id] ??
      this.#parameters.get(id) ??
      refs.get(id);
    if (value === undefined)
      throw new DeploymentError(`The template refers to ${id}, which is not deployed here.`);
    return value;
  }

  #attribute(path: string, { attributes }: StackPlace): string {
    const value = attributes?.get(path);
    if (value === undefined) {
      throw new DeploymentError(`The template refers to ${path}, which is not deployed here.`);
    }
    return value;
  }
}

interface Evaluation {
  readonly ref: (id: string) => string;
  readonly attribute: (path: string) => string;
  readonly evaluate: (value: Value) => unknown;
  readonly condition: (id: string) => unknown;
}

/** CloudFormation's intrinsic functions, those that the templates use. */
const FUNCTIONS = {
  Ref: (id: Value, { ref }: Evaluation) => ref(String(id)),
  'Fn::Sub': (text: Value, { ref, attribute }: Evaluation) =>
    String(text).replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      return name.includes('.') ? attribute(name) : ref(name);
    }),
  'Fn::GetAtt': (path: Value, { attribute }: Evaluation) =>
    attribute(Array.isArray(path) ? path.join('.') : String(path)),
  'Fn::If': (parts: Value, { condition, evaluate }: Evaluation) => {
    const [id, yes = null, no = null] = items(parts);
    return evaluate(condition(String(id)) === true ? yes : no);
  },
  'Fn::Equals': (parts: Value, { evaluate }: Evaluation) => {
    const [a, b] = items(parts).map(evaluate);
    return a === b;
  },
  'Fn::Not': (parts: Value, { evaluate }: Evaluation) => evaluate(items(parts)[0] ?? null) !== true,
  'Fn::And': (parts: Value, { evaluate }: Evaluation) =>
    items(parts).every((part) => evaluate(part) === true),
  'Fn::Or': (parts: Value, { evaluate }: Evaluation) => items(parts).some((part) => evaluate(part) === true),
  Condition: (id: Value, { condition }: Evaluation) => condition(String(id)),
  'Fn::Join': (parts: Value, { evaluate }: Evaluation) => {
    const [separator, list = []] = items(parts);
    return items(list).map(evaluate).join(String(separator));
  },
  'Fn::Select': (parts: Value, { evaluate }: Evaluation) => {
    const [index, list = []] = items(parts);
    const from = evaluate(list);
    return Array.isArray(from) ? from[Number(index)] : undefined;
  },
  'Fn::Split': (parts: Value, { evaluate }: Evaluation) => {
    const [separator, text = ''] = items(parts);
    return String(evaluate(text)).split(String(separator));
  },
};

/** The short forms (`!Sub` and the like) as their long ones. */
const SHORT_FORMS: (ScalarTag | CollectionTag)[] = Object.keys(FUNCTIONS).flatMap((name) => {
  const tag = `!${name.replace('Fn::', '')}`;
  return [
    { tag, resolve: (text: string) => ({ [name]: text }) },
    {
      tag,
      collection: 'seq' as const,
      resolve: (node: YAMLMap | YAMLSeq) => ({ [name]: node.toJSON() }),
    },
  ];
});

function items(value: Value): readonly Value[] {
  if (!Array.isArray(value))
    throw new DeploymentError('A function of the template has no list of arguments.');
  return value;
}

function variables(environment: unknown): Record<string, string> {
  const { Variables = {} } = (environment ?? {}) as { Variables?: Record<string, unknown> }; // SAM's form
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, String(value)]));
}

function checkParameters(
  declared: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, string>>,
): Map<string, string> {
  const unknown = Object.keys(given).filter((name) => !(name in declared));
  if (unknown.length > 0) throw new DeploymentError(`The template has no parameter ${unknown.join(', ')}.`);
  return new Map(
    Object.entries(declared).map(([name, parameter]) => {
      const value = given[name] ?? parameter.Default;
      if (value === undefined) throw new DeploymentError(`The parameter ${name} has no value.`);
      const text = String(value);
      if (!allows(parameter, text)) {
        throw new DeploymentError(
          `The parameter ${name} is ${JSON.stringify(text)}: it ${parameter.ConstraintDescription ?? 'is not allowed'}`,
        );
      }
      return [name, text];
    }),
  );
}

function allows(parameter: Parameter, text: string): boolean {
  const { AllowedPattern, AllowedValues, MinLength = 0, MaxLength = Number.POSITIVE_INFINITY } = parameter;
  const { MinValue = Number.NEGATIVE_INFINITY, MaxValue = Number.POSITIVE_INFINITY } = parameter;
  return (
    // CloudFormation matches the whole value, whether or not the pattern says so.
    (AllowedPattern === undefined || new RegExp(`^(?:${AllowedPattern})$`).test(text)) &&
    (AllowedValues === undefined || AllowedValues.includes(text)) &&
    text.length >= MinLength &&
    text.length <= MaxLength &&
    (parameter.MinValue === undefined && parameter.MaxValue === undefined
      ? true
      : Number(text) >= MinValue && Number(text) <= MaxValue)
  );
}
