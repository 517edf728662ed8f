/**
 * Takes the place of the SDK's chain of credential providers in the bundles: on Lambda the role's credentials are in the
 * environment, and to look for them in files, metadata services and sign-in sessions is a third of a cold start's code.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
