import { accountId, partition, region } from '../gateway/arns.ts';
import { defaultRuleName } from '../iot-core/settings.ts';
import { asMap, type ResolveVariables, type Yaml } from './stack-variables.ts';

/** What CloudFormation puts in for its pseudo parameters, and for the one resource that policies of devices name. */
const references: Readonly<Record<string, string>> = {
  'AWS::Partition': partition,
  'AWS::Region': region,
  'AWS::AccountId': accountId,
  ArrivalsRule: defaultRuleName,
};

/**
 * What a function's role says of IoT, as policy documents: what the embedded IoT Core allows it. Of other services nothing
 * is asked here.
 * @param role of a function: `{ 'Fn::Sub': '${PublishMqttRole.Arn}' }`
 * @param resources of the stack, by logical id
 * @returns undefined where the function has no role of its own
 */
export function iotPoliciesOf(
  role: unknown,
  resources: ReadonlyMap<string, Yaml>,
  resolve: ResolveVariables,
): readonly unknown[] | undefined {
  const { 'Fn::Sub': substituted, 'Fn::GetAtt': attribute } = asMap(role);
  const name = Array.isArray(attribute) ? attribute[0] : /^\$\{(\w+)\.Arn\}$/.exec(String(substituted))?.[1];
  const resource = resources.get(String(name));
  if (resource === undefined) return undefined;
  const { Policies = [] } = asMap(resource.Properties);
  const documents = (Policies as unknown[]).map((policy) => asMap(asMap(policy).PolicyDocument));
  return documents.flatMap(({ Version, Statement }) => {
    const statements = [Statement].flat().map(asMap).filter(speaksOfIot);
    if (statements.length === 0) return [];
    return [{ Version, Statement: statements.map((statement) => evaluate(statement, resolve)) }];
  });
}

function speaksOfIot({ Action, NotAction }: Yaml): boolean {
  return [Action, NotAction].flat().some((action) => /^(iot:|\*$)/i.test(String(action)));
}

/**
 * CloudFormation's functions, as far as policies use them; what else there is stays as it is, and the policy's own parser
 * refuses it.
 */
function evaluate(value: unknown, resolve: ResolveVariables): unknown {
  if (typeof value === 'string') return resolve(value);
  if (Array.isArray(value)) return value.map((item) => evaluate(item, resolve));
  const map = asMap(value);
  const [[name, argument] = []] = Object.entries(map);
  if (name === 'Fn::Sub') return substitute(argument, resolve);
  if (name === 'Fn::Join' && Array.isArray(argument)) {
    return [evaluate(argument[1], resolve)].flat().join(String(argument[0]));
  }
  if (name === 'Fn::Split' && Array.isArray(argument)) {
    return String(evaluate(argument[1], resolve)).split(String(argument[0]));
  }
  if (value !== map) return value;
  return Object.fromEntries(Object.entries(map).map(([key, item]) => [key, evaluate(item, resolve)]));
}

/** Text, or text with the values of its own names. */
function substitute(argument: unknown, resolve: ResolveVariables): string {
  const [text, values] = [argument].flat();
  const own = asMap(values);
  return String(resolve(text)).replaceAll(/\$\{([\w:]+)\}/g, (whole, name: string) => {
    if (Object.hasOwn(own, name)) return String(evaluate(own[name], resolve));
    return references[name] ?? whole;
  });
}
