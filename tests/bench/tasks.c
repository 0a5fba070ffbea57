#include "tests/bench/tasks.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// Thousands of threads with the usual stacks would need more address space than some limits allow.
enum { kStackSize = 64 * 1024 };

struct Tasks {
  struct TaskBody body;
  int threads;  // else processes
  int count;
  int ready[2];  // each task writes a byte
  int go[2];     // end of file: go
  pthread_t* thread;
  pid_t* process;
};

static void Fail(const char* what, int error) {
  fprintf(stderr, "tasks: %s: %s\n", what, strerror(error));
  exit(2);
}

static void RunTask(const struct Tasks* tasks) {
  char byte = 'r';
  if (tasks->body.prepare != NULL) tasks->body.prepare(tasks->body.context);
  if (write(tasks->ready[1], &byte, 1) != 1) Fail("write", errno);
  if (!tasks->threads) close(tasks->ready[1]);
  if (read(tasks->go[0], &byte, 1) != 0) Fail("read", errno);
  if (tasks->body.work != NULL) tasks->body.work(tasks->body.context);
}

static void* RunThread(void* tasks) {
  RunTask(tasks);
  return NULL;
}

static void StartThreads(struct Tasks* tasks) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  for (int i = 0; i < tasks->count; ++i) {
    const int error = pthread_create(&tasks->thread[i], &attributes, RunThread, tasks);
    if (error != 0) Fail("pthread_create", error);
  }
  pthread_attr_destroy(&attributes);
}

static void StartProcesses(struct Tasks* tasks) {
  for (int i = 0; i < tasks->count; ++i) {
    const pid_t pid = fork();
    if (pid < 0) Fail("fork", errno);
    if (pid == 0) {
      close(tasks->ready[0]);
      close(tasks->go[1]);
      RunTask(tasks);
      _exit(0);
    }
    tasks->process[i] = pid;
  }
  // So that a process which dies before it is ready is an end of file.
  close(tasks->ready[1]);
}

static void AwaitReady(const struct Tasks* tasks) {
  char bytes[256];
  for (long ready = 0; ready < tasks->count;) {
    const ssize_t got = read(tasks->ready[0], bytes, sizeof(bytes));
    if (got <= 0) {
      fprintf(stderr, "tasks: %ld of %d are ready\n", ready, tasks->count);
      exit(1);
    }
    ready += got;
  }
}

struct Tasks* TasksStart(const char* kind, int count, struct TaskBody body) {
  struct Tasks* tasks = calloc(1, sizeof(*tasks));
  if (tasks == NULL) Fail("calloc", ENOMEM);
  tasks->body = body;
  tasks->threads = strcmp(kind, "threads") == 0;
  if (!tasks->threads && strcmp(kind, "processes") != 0) Fail(kind, EINVAL);
  tasks->count = count;
  // Of no tasks, too, calloc is to give something.
  tasks->thread = calloc((size_t)count + 1, sizeof(*tasks->thread));
  tasks->process = calloc((size_t)count + 1, sizeof(*tasks->process));
  if (tasks->thread == NULL || tasks->process == NULL) Fail("calloc", ENOMEM);
  if (pipe(tasks->ready) < 0 || pipe(tasks->go) < 0) Fail("pipe", errno);
  if (tasks->threads) {
    StartThreads(tasks);
  } else {
    StartProcesses(tasks);
  }
  AwaitReady(tasks);
  return tasks;
}

void TasksRelease(struct Tasks* tasks) { close(tasks->go[1]); }

void TasksJoin(struct Tasks* tasks) {
  for (int i = 0; i < tasks->count; ++i) {
    int status = 0;
    if (tasks->threads) {
      pthread_join(tasks->thread[i], NULL);
    } else if (waitpid(tasks->process[i], &status, 0) != tasks->process[i] || status != 0) {
      fprintf(stderr, "tasks: one ended with wait status %#x\n", status);
      exit(1);
    }
  }
}
