package io.unsealfs.keyserver;

import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/** Keeps what a service method answered. */
final class RecordingObserver<T> implements StreamObserver<T> {
  private int values;
  private @Nullable Throwable error;

  int values() {
    return values;
  }

  Throwable error() {
    if (error == null) {
      throw new AssertionError("no error was answered");
    }
    return error;
  }

  @Override
  public void onNext(T value) {
    values++;
  }

  @Override
  public void onError(Throwable answered) {
    error = answered;
  }

  @Override
  public void onCompleted() {}
}
