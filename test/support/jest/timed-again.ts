import { jest } from '@jest/globals';

// A shared machine can be busy for a second: what fails against the clock is tried once more. Jest prints how it failed the first time.
jest.retryTimes(1, { logErrorsBeforeRetry: true });
