/*
 * The floor of the machine: the writes and reads that a load of QoS 0 or 1 PUBLISHes cannot do without, and nothing else.
 * Packets are encoded once; each millisecond there is a write for every message that is due; PUBACKs are counted by their
 * bytes. No payloads, schedule, books or timeouts, and no error that it survives.
 *
 *   floor HOST PORT DEVICES RATE QOS PACKET_BYTES WARM_UP_SECONDS SECONDS
 *
 * Prints one line of JSON, a LoadReport.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

/* User and system time so far, and of it that in the kernel. */
static void cpu_seconds(double *all, double *kernel) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  *kernel = used.ru_stime.tv_sec + used.ru_stime.tv_usec / 1e6;
  *all = *kernel + used.ru_utime.tv_sec + used.ru_utime.tv_usec / 1e6;
}

static long rss_bytes(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  if (file != NULL) fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

/* MQTT 5, clean start, keep-alive 300 s, no properties. */
static int connect_device(const struct sockaddr_in *address, int device) {
  unsigned char packet[64] = {0x10, 0, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 1, 44, 0, 0, 0};
  int length = sprintf((char *)packet + 15, "stampede-bench-d%d", device);
  packet[1] = 13 + length;
  packet[14] = length;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) < 0) fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (write(fd, packet, 15 + length) < 0 || read(fd, packet, sizeof packet) < 4) fail("CONNACK");
  return fd;
}

/* A PUBLISH of `bytes` (131 to 16,386) in all. @returns the offset of its packet identifier */
static int encode_publish(unsigned char *packet, int bytes, int device, int qos) {
  int topic = sprintf((char *)packet + 5, "stampede/bench/d%d/telemetry", device);
  memset(packet + 5 + topic, 'x', bytes - 5 - topic);
  int remaining = bytes - 3;
  packet[0] = qos ? 0x32 : 0x30;
  packet[1] = (remaining & 127) | 128;
  packet[2] = remaining >> 7;
  packet[3] = topic >> 8;
  packet[4] = topic & 255;
  packet[5 + topic + (qos ? 2 : 0)] = 0;
  return 5 + topic;
}

int main(int argc, char **argv) {
  if (argc != 9) return 2;
  const int devices = atoi(argv[3]), qos = atoi(argv[5]), bytes = atoi(argv[6]);
  const double per_ms = atof(argv[4]) / 1e3, warm_up_ms = atof(argv[7]) * 1e3, ms = atof(argv[8]) * 1e3;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &address.sin_addr);

  int *fds = malloc(devices * sizeof *fds);
  int poll = epoll_create1(0);
  long idle_rss = rss_bytes();
  for (int device = 0; device < devices; device++) {
    fds[device] = connect_device(&address, device);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[device]};
    epoll_ctl(poll, EPOLL_CTL_ADD, fds[device], &event);
  }
  long connected_rss = rss_bytes();

  unsigned char *packets = malloc((size_t)devices * bytes), chunk[65536];
  int *ids = malloc(devices * sizeof *ids);
  for (int device = 0; device < devices; device++) {
    ids[device] = encode_publish(packets + (size_t)device * bytes, bytes, device, qos);
  }
  struct epoll_event events[1024];
  const double zero = now_ms(), measure_at = zero + warm_up_ms, end = measure_at + ms;
  double next_tick = zero, cpu_before = 0, kernel_before = 0, lag_max = 0;
  long next = 0, sent_before = 0, acked = 0, acked_before = 0;
  int measuring = 0;
  for (double now = zero; now < end; now = now_ms()) {
    if (!measuring && now >= measure_at) {
      measuring = 1;
      cpu_seconds(&cpu_before, &kernel_before);
      sent_before = next;
      acked_before = acked;
    }
    if (now >= next_tick) {
      for (long due = (now - zero) * per_ms; next < due; next++) {
        int device = next % devices;
        unsigned char *packet = packets + (size_t)device * bytes;
        if (qos) {
          long message = next / devices % 65534 + 1;
          packet[ids[device]] = message >> 8;
          packet[ids[device] + 1] = message & 255;
        }
        if (write(fds[device], packet, bytes) != bytes) fail("write");
        double lag = now - (zero + next / per_ms);
        if (lag > lag_max) lag_max = lag;
      }
      next_tick = now + 1;
    }
    int ready = epoll_wait(poll, events, 1024, 1);
    for (int i = 0; i < ready; i++) {
      long length = read(events[i].data.fd, chunk, sizeof chunk);
      if (length <= 0) fail("read");
      /* Four bytes each, or five with the reason code of a publish that nobody subscribes to. */
      acked += length / (chunk[1] + 2);
    }
  }
  double cpu, kernel;
  cpu_seconds(&cpu, &kernel);
  printf(
      "{\"sent\":%ld,\"acked\":%ld,\"cpuSeconds\":%f,\"kernelSeconds\":%f,\"wallSeconds\":%f,"
      "\"rssBytes\":{\"idle\":%ld,\"connected\":%ld,\"loaded\":%ld},"
      "\"sendLagMs\":{\"p50\":0,\"p99\":0,\"p999\":0,\"max\":%f},\"missed\":0}\n",
      next - sent_before, acked - acked_before, cpu - cpu_before, kernel - kernel_before, (now_ms() - measure_at) / 1e3,
      idle_rss, connected_rss, rss_bytes(), lag_max);
  return 0;
}
