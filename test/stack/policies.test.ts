import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renderText, type Statement, statementsOf } from './cloudformation.ts';
import { type PackagedStack, packageStack } from './packaged-stack.ts';
import { allowedWildcards, isAllowed, wildcardsIn } from './wildcards.ts';

let stack: PackagedStack;
beforeAll(async () => {
  // Every policy there is: tracing adds one.
  stack = await packageStack(['tracing=true']);
}, 60_000);
afterAll(() => stack.remove());

describe('the policies of the stack', () => {
  it('hold no wildcard but those on the list', () => {
    const found = wildcardsIn(statementsOf(stack.template));
    expect(found.filter((each) => !isAllowed(each))).toEqual([]);
  });

  it('need every wildcard on the list', () => {
    const found = wildcardsIn(statementsOf(stack.template));
    const unused = allowedWildcards.filter(
      ({ sid, wildcard }) => !found.some((each) => each.sid === sid && each.wildcard === wildcard),
    );
    expect(unused).toEqual([]);
  });

  it.each<[string, Partial<Statement>]>([
    ['an action', { actions: ['s3:*'], resources: ['<RunBucket.Arn>'] }],
    ['a whole service', { actions: ['*'] }],
    ['a resource', { sid: 'WritePlans', resources: ['<RunBucket.Arn>/runs/*'] }],
    ['one character', { sid: 'WritePlans', resources: ['<RunBucket.Arn>/runs/?/plan.json'] }],
  ])('would be refused for a wildcard in %s', (_what, statement) => {
    const [found] = wildcardsIn([
      {
        where: 'PlanRole',
        sid: undefined,
        effect: 'Allow',
        actions: ['s3:PutObject'],
        resources: [],
        ...statement,
      },
    ]);
    expect(found && isAllowed(found)).toBe(false);
  });
});

describe('roles', () => {
  it('serve one function each', () => {
    const roles = Object.values(stack.template.Resources)
      .filter(({ Type }) => Type === 'AWS::Lambda::Function')
      .map(({ Properties }) => renderText(Properties?.Role));
    expect(roles).toHaveLength(5);
    expect(new Set(roles).size).toBe(5);
  });
});
