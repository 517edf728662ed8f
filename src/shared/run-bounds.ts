/*
 * How large a run can be, whatever it loads: its slices are Lambda invocations, children of one Distributed Map.
 */

/** An execution's name, and so a run id: Step Functions allows 80 characters. */
export const runIdMaxLength = 80;
/** What the CLI puts after the profile's name: `-yyyymmddThhmmssZ-` and four hexadecimal digits. */
export const runIdSuffixLength = 22;

/**
 * Connections in one Lambda invocation: it has 1,024 file descriptors, and the runtime, the SDK clients and the
 * native event loop need some of them. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxDevicesPerSlice = 900;
/** Children of one Distributed Map that run at once. @see https://docs.aws.amazon.com/step-functions/latest/dg/limits-overview.html */
export const maxSlices = 10_000;
