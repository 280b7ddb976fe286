package io.unsealfs.daemon;

import io.unsealfs.attest.AttestationException;
import io.unsealfs.block.IntegrityException;
import io.unsealfs.crypto.KdfTimeoutException;
import io.unsealfs.key.KeyChainException;
import io.unsealfs.key.KeyDeniedException;
import io.unsealfs.key.KeyReferenceException;
import io.unsealfs.key.KeyUnavailableException;
import io.unsealfs.key.wire.WireException;
import io.unsealfs.keyserver.AuditChainException;
import io.unsealfs.keyserver.KeyServerConfigException;
import io.unsealfs.keyserver.store.StoreException;
import io.unsealfs.keyserver.store.StoreUnavailableException;
import io.unsealfs.mount.KeyExpiredException;
import io.unsealfs.mount.KeyRevokedException;
import io.unsealfs.mount.MountException;
import io.unsealfs.os.SystemCallException;
import io.unsealfs.storage.IllegalNodeException;
import io.unsealfs.storage.NameTooLongException;
import io.unsealfs.storage.NoSuchAttributeException;
import io.unsealfs.storage.StorageException;
import io.unsealfs.storage.manifest.ManifestException;
import io.unsealfs.storage.object.CancelledReadException;
import io.unsealfs.verify.VerificationException;
import io.unsealfs.verify.collateral.CollateralException;
import io.unsealfs.verify.eventlog.EventLogException;
import io.unsealfs.volume.PinMismatchException;
import io.unsealfs.volume.VolumeFormatException;
import io.unsealfs.volume.WrongKeyException;
import io.unsealfs.yaml.YamlException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** The one table from exception type to exit status; a public contract, see the README. */
enum ExitCode {
  DONE(0),
  FAULT(1),
  USAGE(2),
  NO_EVIDENCE(20),
  KEY_DENIED(21),
  KEY_UNAVAILABLE(22),
  BAD_FORMAT(23),
  WRONG_KEY(24),
  MOUNT_REFUSED(25),
  DAMAGED(26),
  PIN_MISMATCH(27),
  STORAGE_FAILED(28);

  private final int status;

  ExitCode(int status) {
    this.status = status;
  }

  int status() {
    return status;
  }

  /** The exit code for an error that ended a command. */
  static ExitCode of(Throwable error) {
    return switch (error) {
      case UsageException e -> USAGE;
      case KeyReferenceException e -> USAGE;
      case KeyServerConfigException e -> USAGE;
      case StoreUnavailableException e -> KEY_UNAVAILABLE;
      case StoreException e -> STORAGE_FAILED;
      case YamlException e -> USAGE;
      case KeyChainException e -> of(e.decisive());
      case AttestationException e -> NO_EVIDENCE;
      case KeyDeniedException e -> KEY_DENIED;
      case VerificationException e -> KEY_DENIED;
      case EventLogException e -> KEY_DENIED;
      case KeyUnavailableException e -> KEY_UNAVAILABLE;
      case CollateralException e -> KEY_UNAVAILABLE;
      case WireException e -> KEY_UNAVAILABLE;
      case VolumeFormatException e -> BAD_FORMAT;
      case ManifestException e -> BAD_FORMAT;
      case KdfTimeoutException e -> BAD_FORMAT;
      case KeyRevokedException e -> KEY_DENIED;
      case KeyExpiredException e -> KEY_UNAVAILABLE;
      case WrongKeyException e -> WRONG_KEY;
      case MountException e -> MOUNT_REFUSED;
      case IntegrityException e -> DAMAGED;
      case AuditChainException e -> DAMAGED;
      case PinMismatchException e -> PIN_MISMATCH;
      case StorageException e -> STORAGE_FAILED;
      case CancelledReadException e -> STORAGE_FAILED;
      case NoSuchFileException e -> BAD_FORMAT;
      case IllegalNodeException e -> BAD_FORMAT;
      case NameTooLongException e -> BAD_FORMAT;
      case NoSuchAttributeException e -> BAD_FORMAT;
      case NotDirectoryException e -> BAD_FORMAT;
      case FileAlreadyExistsException e -> USAGE;
      case FileSystemException e -> STORAGE_FAILED;
      case SystemCallException e -> STORAGE_FAILED;
      default -> FAULT;
    };
  }
}
