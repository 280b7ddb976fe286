package io.unsealfs.storage.object.http;

import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * One request.
 *
 * @param method GET, HEAD, PUT or POST
 * @param uri with host, path and query as they are to be sent
 * @param headers all but Content-Length and Transfer-Encoding, which follow from the body
 * @param body ASCII text, a form; empty for none
 */
public record HttpQuestion(
    String method, URI uri, Map<String, List<String>> headers, String body) {}
