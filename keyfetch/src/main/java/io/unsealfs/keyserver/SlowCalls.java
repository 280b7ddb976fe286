package io.unsealfs.keyserver;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ends calls whose request does not arrive whole in time: a caller who sends a byte now and then
 * would hold a connection, of which there are only so many, for minutes.
 */
final class SlowCalls implements ServerInterceptor {
  private final Duration patience;
  private final ScheduledExecutorService timers;

  SlowCalls(Duration patience, ScheduledExecutorService timers) {
    this.patience = patience;
    this.timers = timers;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    // whoever sets it first: the whole request, or the end of patience
    AtomicBoolean decided = new AtomicBoolean();
    ServerCall.Listener<Q> listener = next.startCall(call, headers);
    Future<?> end =
        timers.schedule(
            () -> {
              if (decided.compareAndSet(false, true)) {
                call.close(
                    Status.DEADLINE_EXCEEDED.withDescription("the request did not arrive in time"),
                    new Metadata());
              }
            },
            patience.toNanos(),
            TimeUnit.NANOSECONDS);
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onHalfClose() {
        if (decided.compareAndSet(false, true)) {
          end.cancel(false);
          super.onHalfClose();
        }
      }

      @Override
      public void onCancel() {
        end.cancel(false);
        super.onCancel();
      }

      @Override
      public void onComplete() {
        end.cancel(false);
        super.onComplete();
      }
    };
  }
}
