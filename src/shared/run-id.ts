/** As Step Functions names executions; it names files of the run store too, and none of these leads out of its folder. */
export const runIdPattern = /^[A-Za-z0-9_-]{1,80}$/;
