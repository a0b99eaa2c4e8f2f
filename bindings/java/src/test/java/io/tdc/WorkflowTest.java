package io.tdc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import io.temporal.api.enums.v1.EventType;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.converter.DataConverterException;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.WorkerOptions;
import io.temporal.worker.WorkflowImplementationOptions;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** What faults do in workflow code, through the SDK's real worker. */
class WorkflowTest {
  private static final String QUEUE = "greetings";

  /** When the SDK calls slow workflow code a deadlock; it is the subject of some tests only. */
  private Duration deadlock = Duration.ofMinutes(1);

  /** What the worker does not report costs this time. */
  private Duration taskTimeout = Duration.ofSeconds(5);

  /** That what is asked takes longer than the SDK gives workflow code. */
  void expectSlowness() {
    deadlock = Duration.ofSeconds(2);
    taskTimeout = Duration.ofMinutes(1);
  }

  /** Says hello. */
  @WorkflowInterface
  public interface Greeting {
    /** Greets by name. */
    @WorkflowMethod
    String greet(String name);
  }

  /** The workflow. */
  public static final class GreetingDefinition implements Greeting {
    @Override
    public String greet(String name) {
      return "Hello, " + name;
    }
  }

  @Test
  void aSlowKeyProviderIsNoDeadlock() {
    expectSlowness();
    AtomicInteger asked = new AtomicInteger();
    KeyProvider slow =
        id -> {
          asked.incrementAndGet();
          Thread.sleep(3000);
          return Configs.KEY;
        };
    run(
        Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(slow).open(),
        Configs.encrypting(),
        (client, stub) -> {
          assertEquals("Hello, Ada", stub.getResult(String.class));
          assertEquals(1, asked.get());
          assertEquals(0, failedTasks(client, stub));
        });
  }

  @Test
  void aKeyProviderThatIsAwayFailsTheTaskAndNeverTheWorkflow() {
    AtomicInteger asked = new AtomicInteger();
    KeyProvider away =
        id -> {
          if (asked.incrementAndGet() <= 2) {
            throw new IOException("connection refused");
          }
          return Configs.KEY;
        };
    run(
        Tdc.builder(Configs.withHostKeys(), Configs.HERE).keyProvider(away).open(),
        Configs.encrypting(),
        (client, stub) -> {
          assertEquals("Hello, Ada", stub.getResult(String.class));
          assertEquals(3, asked.get());
          assertTrue(failedTasks(client, stub) >= 1);
        });
  }

  @Test
  void aSlowKeyServiceIsNoDeadlock() {
    expectSlowness();
    CountingKeyService slow =
        new CountingKeyService() {
          @Override
          public byte[] wrap(KeyServiceKey key, byte[] dataKey) throws Exception {
            Thread.sleep(3000);
            return super.wrap(key, dataKey);
          }

          @Override
          public byte[] unwrap(KeyServiceKey key, byte[] wrapped) throws Exception {
            Thread.sleep(3000);
            return super.unwrap(key, wrapped);
          }
        };
    run(
        CountingKeyService.open(slow),
        CountingKeyService.open(new CountingKeyService()),
        (client, stub) -> {
          assertEquals("Hello, Ada", stub.getResult(String.class));
          assertEquals(1, slow.wraps.get());
          assertEquals(1, slow.unwraps.get());
          assertEquals(0, failedTasks(client, stub));
        });
  }

  @Test
  void aKeyServiceThatIsAwayFailsTheTaskAndNeverTheWorkflow() {
    CountingKeyService away =
        new CountingKeyService() {
          @Override
          public byte[] unwrap(KeyServiceKey key, byte[] wrapped) throws Exception {
            byte[] dataKey = super.unwrap(key, wrapped);
            if (unwraps.get() < 2) {
              throw new IOException("connection refused");
            }
            return dataKey;
          }
        };
    run(
        CountingKeyService.open(away),
        CountingKeyService.open(new CountingKeyService()),
        (client, stub) -> {
          assertEquals("Hello, Ada", stub.getResult(String.class));
          assertTrue(failedTasks(client, stub) >= 1);
        });
  }

  @Test
  void aSlowCodecServerIsNoDeadlock() {
    expectSlowness();
    HttpHandler slow =
        exchange -> {
          pause(3000);
          FarServer.answer(exchange);
        };
    try (FarServer worker = new FarServer(slow);
        FarServer starter = new FarServer()) {
      run(
          Tdc.parse(Configs.remote(worker.port()), Configs.HERE),
          Tdc.parse(Configs.remote(starter.port()), Configs.HERE),
          (client, stub) -> {
            assertEquals("Hello, Ada", stub.getResult(String.class));
            assertEquals(0, failedTasks(client, stub));
          });
    }
  }

  @Test
  void aCodecServerThatIsAwayFailsTheTaskAndNeverTheWorkflow() {
    AtomicInteger decoded = new AtomicInteger();
    HttpHandler away =
        exchange -> {
          if (exchange.getRequestURI().getPath().endsWith("/decode")
              && decoded.incrementAndGet() <= 2) {
            FarServer.send(exchange, 503, "");
          } else {
            FarServer.answer(exchange);
          }
        };
    try (FarServer server = new FarServer(away)) {
      String config = Configs.remote(server.port());
      run(
          Tdc.parse(config, Configs.HERE),
          Tdc.parse(config, Configs.HERE),
          (client, stub) -> {
            assertEquals("Hello, Ada", stub.getResult(String.class));
            assertEquals(4, decoded.get());
            assertTrue(failedTasks(client, stub) >= 1);
          });
    }
  }

  private static void pause(long milliseconds) throws IOException {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Test
  void whatOnlyOtherBytesCureIsTheSdksOrdinaryError() {
    String small = Configs.withKey("[encrypt]") + "limits: { max_decoded_bytes: 1 }\n";
    run(
        Tdc.parse(small, Configs.HERE),
        Configs.encrypting(),
        (client, stub) -> {
          WorkflowFailedException failed =
              assertThrows(WorkflowFailedException.class, () -> stub.getResult(String.class));
          ApplicationFailure cause = assertInstanceOf(ApplicationFailure.class, failed.getCause());
          assertEquals(DataConverterException.class.getName(), cause.getType());
          assertTrue(cause.getOriginalMessage().startsWith("TDC_ERR_LIMIT"));
        });
  }

  /** The worker fails workflows for any exception: only an error can save a task from that. */
  void run(Tdc worker, Tdc starter, BiConsumer<WorkflowClient, WorkflowStub> check) {
    try (worker;
        starter;
        TestWorkflowEnvironment environment =
            TestWorkflowEnvironment.newInstance(
                TestEnvironmentOptions.newBuilder()
                    .setWorkflowClientOptions(options(worker).build())
                    .setUseTimeskipping(false)
                    .build())) {
      environment
          .newWorker(
              QUEUE,
              WorkerOptions.newBuilder()
                  .setDefaultDeadlockDetectionTimeout(deadlock.toMillis())
                  .build())
          .registerWorkflowImplementationTypes(
              WorkflowImplementationOptions.newBuilder()
                  .setFailWorkflowExceptionTypes(Exception.class)
                  .build(),
              GreetingDefinition.class);
      environment.start();
      WorkflowClient client =
          WorkflowClient.newInstance(
              environment.getWorkflowServiceStubs(),
              options(starter).setNamespace(environment.getNamespace()).build());
      WorkflowStub stub =
          client.newUntypedWorkflowStub(
              "Greeting",
              WorkflowOptions.newBuilder()
                  .setTaskQueue(QUEUE)
                  .setWorkflowTaskTimeout(taskTimeout)
                  .setWorkflowExecutionTimeout(Duration.ofSeconds(60))
                  .build());
      stub.start("Ada");
      check.accept(client, stub);
    }
  }

  private static WorkflowClientOptions.Builder options(Tdc tdc) {
    return WorkflowClientOptions.newBuilder().setDataConverter(tdc.dataConverter());
  }

  static long failedTasks(WorkflowClient client, WorkflowStub stub) {
    return client.fetchHistory(stub.getExecution().getWorkflowId()).getEvents().stream()
        .filter(event -> event.getEventType() == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED)
        .count();
  }
}
