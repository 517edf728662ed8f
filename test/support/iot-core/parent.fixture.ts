import { startIotCore } from '../../../src/embedded/iot-core/start-iot-core.ts';

/** A process that starts an embedded IoT Core, prints its addresses, and waits to be killed. */
const { adminUrl, adminToken } = await startIotCore({
  ruleSql: "SELECT a.b AS b FROM 'a'",
  invokeUrl: 'http://127.0.0.1:9',
  functionName: 'f',
});
process.send?.({ adminUrl, adminToken });
setInterval(() => {}, 60_000);
