import type { MetricsReport } from '../../../src/embedded/iot-core/http/admin-api.ts';
import { type AdminPort, fetchAdmin } from '../../../src/embedded/iot-core/http/admin-client.ts';
import { until } from '../until.ts';

/** Waits until embedded IoT Core has accepted that many publishes: on a busy machine that is not a matter of seconds. */
export async function untilPublished(admin: AdminPort, count: number): Promise<void> {
  const haveCome = async (): Promise<boolean> => {
    const { metrics } = (await (await fetchAdmin(admin, '/metrics')).json()) as MetricsReport;
    const published = metrics.filter(({ name }) => name === 'PublishIn.Success');
    return published.reduce((sum, { total }) => sum + total, 0) >= count;
  };
  await until(haveCome, `${count} publishes`, 20);
}
