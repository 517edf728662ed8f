/** A packaged template, as far as the tests look into it. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: Value }>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
}

/** JSON with CloudFormation's functions in it. */
export type Value = unknown;

const pseudoParameters: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '123456789012',
};

/**
 * The text that CloudFormation would make of a value, with `<Resource>` and `<Resource.Attribute>` for what only a
 * deployment has.
 * @throws where the value uses a function that no part of the stack should need
 */
export function renderText(value: Value): string {
  return String(render(value));
}

function render(value: Value): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(render);
  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length > 0) throw new Error(`no CloudFormation function: ${JSON.stringify(value)}`);
  switch (name) {
    case 'Ref':
      return pseudoParameters[argument as string] ?? `<${argument}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Join': {
      const [by, list] = argument as [string, Value];
      return (render(list) as string[]).join(by);
    }
    case 'Fn::Split': {
      const [by, text] = argument as [string, Value];
      return renderText(text).split(by);
    }
    case 'Fn::Sub':
      return substitute(...((typeof argument === 'string' ? [argument, {}] : argument) as SubArguments));
    default:
      throw new Error(`no CloudFormation function: ${name}`);
  }
}

type SubArguments = [text: string, values: Readonly<Record<string, Value>>];

function substitute(...[text, values]: SubArguments): string {
  return text.replace(/\$\{([\w:.]+)\}/g, (_whole, name: string) =>
    name in values ? renderText(values[name]) : (pseudoParameters[name] ?? `<${name}>`),
  );
}

export interface Statement {
  /** Logical id of the role, policy or bucket policy it stands in. */
  readonly where: string;
  readonly sid: string | undefined;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Every policy statement of a template but those on who may assume a role. */
export function statementsOf(template: Template): Statement[] {
  return Object.entries(template.Resources).flatMap(([where, { Properties = {} }]) => {
    const inline = (Properties.Policies ?? []) as readonly { readonly PolicyDocument: PolicyDocument }[];
    const documents = inline.map(({ PolicyDocument }) => PolicyDocument);
    if (Properties.PolicyDocument !== undefined) documents.push(Properties.PolicyDocument as PolicyDocument);
    return documents.flatMap(({ Statement }) =>
      Statement.map(({ Sid, Effect, Action, Resource }) => ({
        where,
        sid: Sid,
        effect: Effect,
        actions: [Action].flat(),
        resources: [Resource].flat().map(renderText),
      })),
    );
  });
}

interface PolicyDocument {
  readonly Statement: readonly {
    readonly Sid?: string;
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: Value | readonly Value[];
  }[];
}

/**
 * What CloudFormation creates before a resource: all that it names by DependsOn, Ref, GetAtt or Sub, and all that those name.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
 */
export function createdBefore(template: Template, logicalId: string): Set<string> {
  const before = new Set<string>();
  const waiting = [logicalId];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const { DependsOn = [], Properties } = template.Resources[id] ?? {};
    for (const named of [...[DependsOn].flat(), ...namesIn(Properties)]) {
      if (!(named in template.Resources) || before.has(named)) continue;
      before.add(named);
      waiting.push(named);
    }
  }
  return before;
}

function namesIn(value: Value): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([name, argument]): string[] => {
    if (name === 'Ref') return [String(argument)];
    if (name === 'Fn::GetAtt') return [String([argument].flat()[0]).split('.')[0] ?? ''];
    if (name !== 'Fn::Sub') return [];
    const text = String([argument].flat()[0]);
    return [...text.matchAll(/\$\{(\w+)(?:\.\w+)?\}/g)].map(([, id = '']) => id);
  });
  return [...own, ...Object.values(value).flatMap(namesIn)];
}

/** The resources that grant a role something beside its inline policies: those it names, and those that name it. */
export function policiesOf(template: Template, role: string): string[] {
  const named = namesIn(template.Resources[role]?.Properties?.ManagedPolicyArns);
  const naming = Object.entries(template.Resources).flatMap(([id, { Type, Properties }]) =>
    /^AWS::IAM::(Managed)?Policy$/.test(Type) && namesIn(Properties?.Roles).includes(role) ? [id] : [],
  );
  return [...named, ...naming];
}
