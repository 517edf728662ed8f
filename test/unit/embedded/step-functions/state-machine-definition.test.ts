import { describe, expect, it } from '@jest/globals';
import {
  arnPlaceholderOf,
  substitute,
} from '../../../../src/embedded/step-functions/state-machine-definition.ts';
import { makeStepFunctions } from '../../../../src/embedded/step-functions/step-functions.ts';
import { mapOver, single } from '../../../support/embedded/fixtures/state-machines.ts';

describe('definitions', () => {
  it('names the placeholder without a value', () => {
    const placeholder = '$'.concat('{NoFunctionArn}');
    expect(() => substitute(`{"a":"${placeholder}"}`, { PlanFunctionArn: 'x' })).toThrow(/NoFunctionArn/);
    expect(arnPlaceholderOf('publish-mqtt')).toBe('PublishMqttFunctionArn');
  });

  it.each([
    [
      'a resource that is no function',
      single({ Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true }),
    ],
    ['JSONata', { ...single({ Type: 'Pass', End: true }), QueryLanguage: 'JSONata' }],
    ['an item reader', mapOver({ ItemReader: {} })],
    ['an unrelated context', mapOver({ ItemSelector: { 'x.$': '$$.Execution.Input' } })],
  ])('refuses %s', (_what, definition) => {
    expect(() =>
      makeStepFunctions({
        stateMachineName: 'x',
        definition,
        invokeFunction: async () => '',
        putObject: async () => ({}),
      }),
    ).toThrow(/does not support/);
  });
});
