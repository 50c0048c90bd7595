import com.github.tomakehurst.wiremock.admin.Router;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.common.DataTruncationSettings;
import com.github.tomakehurst.wiremock.common.Json;
import com.github.tomakehurst.wiremock.common.RequestCache;
import com.github.tomakehurst.wiremock.core.Options;
import com.github.tomakehurst.wiremock.extension.AdminApiExtension;
import com.github.tomakehurst.wiremock.extension.Extension;
import com.github.tomakehurst.wiremock.extension.ExtensionFactory;
import com.github.tomakehurst.wiremock.extension.Parameters;
import com.github.tomakehurst.wiremock.extension.ServeEventListener;
import com.github.tomakehurst.wiremock.extension.StubLifecycleListener;
import com.github.tomakehurst.wiremock.extension.WireMockServices;
import com.github.tomakehurst.wiremock.extension.requestfilter.RequestWrapper;
import com.github.tomakehurst.wiremock.http.AdminRequestHandler;
import com.github.tomakehurst.wiremock.http.HttpHeader;
import com.github.tomakehurst.wiremock.http.HttpHeaders;
import com.github.tomakehurst.wiremock.http.HttpResponder;
import com.github.tomakehurst.wiremock.http.HttpServer;
import com.github.tomakehurst.wiremock.http.HttpServerFactory;
import com.github.tomakehurst.wiremock.http.Request;
import com.github.tomakehurst.wiremock.http.RequestMethod;
import com.github.tomakehurst.wiremock.http.Response;
import com.github.tomakehurst.wiremock.http.ResponseDefinition;
import com.github.tomakehurst.wiremock.http.StubRequestHandler;
import com.github.tomakehurst.wiremock.jetty.JettyFaultInjector;
import com.github.tomakehurst.wiremock.jetty.JettyFaultInjectorFactory;
import com.github.tomakehurst.wiremock.jetty11.Jetty11HttpServer;
import com.github.tomakehurst.wiremock.jetty11.Jetty11HttpUtils;
import com.github.tomakehurst.wiremock.servlet.FaultInjectorFactory;
import com.github.tomakehurst.wiremock.store.RequestJournalStore;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import com.github.tomakehurst.wiremock.stubbing.SubEvent;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import wiremock.org.eclipse.jetty.http.HttpFields;
import wiremock.org.eclipse.jetty.http.HttpStatus;
import wiremock.org.eclipse.jetty.server.Connector;
import wiremock.org.eclipse.jetty.server.HttpConnectionFactory;
import wiremock.org.eclipse.jetty.server.handler.ErrorHandler;
import wiremock.org.eclipse.jetty.servlet.ServletContextHandler;

/**
 * Journals the requests on whose answer WireMock fails, with what it failed on and the stub that was to answer.
 *
 * <p>WireMock writes its journal just before it sends an answer. A template that cannot be compiled, a body file that is
 * missing, an invalid proxy URL: all throw before that, the client gets Jetty's page for a 500, and the journal
 * knows nothing of it. Here the client gets a 500 that says why, and the journal an entry like any other, with a sub-event
 * of the type FAILURE. Where sending the answer fails, the entry that is there already gets it.
 *
 * <p>It also bounds what the journal keeps of requests' bodies, see {@link Bodies}.
 */
public final class FailureJournal implements ExtensionFactory {
    /** The type of the sub-event, which harness/stubs/answer_failures.py looks for. */
    private static final String TYPE = "FAILURE";

    @Override
    public List<Extension> create(WireMockServices services) {
        Matched matched = new Matched();
        // WireMock has no journal yet when it makes its extensions.
        return List.of(matched, new ServerFactory(services, matched), new Pages(services), new Answers(services));
    }

    /**
     * Takes bodies of answers as files, several at once: {@code POST /__admin/ocean-sandbox/bodies}. Of each there is the
     * name, as {@link DataInputStream#readUTF} reads one, the number of bytes in four bytes, and the bytes.
     *
     * <p>A body in a stub is held several times over while WireMock reads the stub, and once for as long as there is the
     * stub. A file costs what its bytes do. They go when the stubs do.
     */
    private static final class Answers implements AdminApiExtension, StubLifecycleListener {
        private static final String FOLDER = "ocean-sandbox";
        private final WireMockServices services;

        Answers(WireMockServices services) {
            this.services = services;
        }

        @Override
        public String getName() {
            return "ocean-sandbox-bodies";
        }

        @Override
        public void contributeAdminApiRoutes(Router router) {
            router.add(RequestMethod.POST, "/ocean-sandbox/bodies", (admin, asked, parameters) -> {
                byte[] sent = asked.getRequest().getBody();
                DataInputStream bodies = new DataInputStream(new ByteArrayInputStream(sent));
                try {
                    Path folder = Files.createDirectories(folder());
                    while (bodies.available() > 0) {
                        Path file = folder.resolve(Path.of(bodies.readUTF()).getFileName());
                        int length = bodies.readInt();
                        try (OutputStream target = Files.newOutputStream(file)) {
                            target.write(sent, sent.length - bodies.available(), length);
                        }
                        bodies.skipBytes(length);
                    }
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
                return ResponseDefinitionBuilder.jsonResponse(Map.of());
            });
        }

        @Override
        public void afterStubsReset() {
            File[] files = folder().toFile().listFiles();
            for (File file : files == null ? new File[0] : files) {
                file.delete();
            }
        }

        private Path folder() {
            return Path.of(services.getFiles().getPath(), FOLDER);
        }
    }

    /**
     * Gives the journal a page at a time, oldest entry first: {@code GET /__admin/ocean-sandbox/requests?from=0}.
     *
     * <p>WireMock's own {@code /__admin/requests} writes all of it into one text, several times as large as the bodies.
     */
    private static final class Pages implements AdminApiExtension {
        private static final int MOST_ENTRIES = 500;
        private static final long MOST_BYTES = 1_000_000;
        private final WireMockServices services;

        Pages(WireMockServices services) {
            this.services = services;
        }

        @Override
        public String getName() {
            return "ocean-sandbox-journal";
        }

        @Override
        public void contributeAdminApiRoutes(Router router) {
            router.add(RequestMethod.GET, "/ocean-sandbox/requests", (admin, asked, parameters) -> {
                List<ServeEvent> all = new ArrayList<>(services.getStores().getRequestJournalStore().getAll().toList());
                Collections.reverse(all);
                int from = Math.min(Integer.parseInt(asked.getRequest().queryParameter("from").firstValue()), all.size());
                int to = from;
                for (long bytes = 0; to < all.size() && to - from < MOST_ENTRIES && bytes < MOST_BYTES; to++) {
                    byte[] body = all.get(to).getRequest().getBody();
                    bytes += body == null ? 0 : body.length;
                }
                return ResponseDefinitionBuilder.jsonResponse(
                        Map.of("requests", all.subList(from, to), "isLast", to == all.size()));
            });
        }
    }

    /** Remembers the request that this thread is answering, with its stub: an exception does not tell. */
    private static final class Matched implements ServeEventListener {
        private final ThreadLocal<ServeEvent> current = new ThreadLocal<>();

        @Override
        public String getName() {
            return "ocean-sandbox-matched";
        }

        @Override
        public boolean applyGlobally() {
            return true;
        }

        @Override
        public void afterMatch(ServeEvent event, Parameters parameters) {
            current.set(event);
        }
    }

    /** Makes WireMock's own server, around a handler of requests that sees what the usual one throws. */
    private static final class ServerFactory implements HttpServerFactory {
        private final WireMockServices services;
        private final Matched matched;

        ServerFactory(WireMockServices services, Matched matched) {
            this.services = services;
            this.matched = matched;
        }

        @Override
        public String getName() {
            return "ocean-sandbox-server";
        }

        @Override
        public HttpServer buildHttpServer(Options options, AdminRequestHandler admin, StubRequestHandler stubs) {
            RequestJournalStore journal = services.getStores().getRequestJournalStore();
            Handler handler = new Handler(stubs, options, journal, matched);
            return new Jetty11HttpServer(options, admin, handler) {
                {
                    // Jetty tells its log of every request, of those too that it refuses before a handler sees them.
                    jettyServer.setRequestLog(handler::noteRefused);
                    jettyServer.setErrorHandler(new ErrorHandler() {
                        @Override
                        public ByteBuffer badMessageError(int status, String reason, HttpFields.Mutable fields) {
                            handler.whyRefused.set(reason);
                            return super.badMessageError(status, reason, fields);
                        }
                    });
                    // Or it writes a value that it knows in its own way: charset=utf-8 as charset=UTF-8.
                    for (Connector connector : jettyServer.getConnectors()) {
                        connector.getConnectionFactory(HttpConnectionFactory.class)
                                .getHttpConfiguration()
                                .setHeaderCacheCaseSensitive(true);
                    }
                }

                /** Faults are those of plain HTTP, whatever the scheme of the URL: the front does TLS. */
                @Override
                protected void decorateMockServiceContextAfterConfig(ServletContextHandler context) {
                    FaultInjectorFactory faults = (request, response) -> new JettyFaultInjector(response, new Jetty11HttpUtils());
                    context.setAttribute(JettyFaultInjectorFactory.class.getName(), faults);
                }
            };
        }
    }

    /**
     * Keeps the journal's share of the heap bounded: of the bodies of requests, the first 8 MB are kept whole, and
     * after that those of 10 kB at most. Of any other it keeps length and hash, in the header in which the front sends
     * the same of a body that is too large to be sent here at all (sandbox/front/bodies.py).
     */
    private static final class Bodies {
        private static final int SMALL = 10_000;
        private static final long MOST = 8_000_000;
        private static final String HEADER = "X-Ocean-Sandbox-Body";
        private final RequestJournalStore journal;
        private final AtomicLong kept = new AtomicLong();

        Bodies(RequestJournalStore journal) {
            this.journal = journal;
        }

        /** To be called before a request is handled: the journal may have been emptied since. */
        void begin() {
            if (journal.getAllKeys().findAny().isEmpty()) {
                kept.set(0);
            }
        }

        /** To be called when a request was journaled. */
        void bound(ServeEvent event) {
            byte[] body = event.getRequest().getBody();
            if (body == null || body.length <= SMALL || kept.addAndGet(body.length) <= MOST) {
                return;
            }
            kept.addAndGet(-body.length);
            LoggedRequest request = event.getRequest();
            Map<String, Object> headers = new LinkedHashMap<>(Handler.valuesOf(request.getHeaders().all()));
            String framing = headers.keySet().stream().anyMatch("Transfer-Encoding"::equalsIgnoreCase) ? "chunked" : "length";
            headers.put(HEADER, List.of(body.length + " " + sha256(body) + " " + framing));
            Map<String, Object> slim = new HashMap<>();
            slim.put("method", request.getMethod().value());
            slim.put("url", request.getUrl());
            slim.put("absoluteUrl", request.getAbsoluteUrl());
            slim.put("clientIp", request.getClientIp());
            slim.put("headers", headers);
            slim.put("browserProxyRequest", request.isBrowserProxyRequest());
            slim.put("loggedDate", request.getLoggedDate().getTime());
            slim.put("protocol", request.getProtocol());
            journal.put(event.getId(), new ServeEvent(event.getId(), Json.mapToObject(slim, LoggedRequest.class),
                    event.getStubMapping(), event.getResponseDefinition(), event.getResponse(), event.getWasMatched(),
                    event.getTiming(), new ArrayDeque<>(event.getSubEvents())));
        }

        private static String sha256(byte[] body) {
            try {
                return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
            } catch (NoSuchAlgorithmException impossible) { // every Java has it
                throw new IllegalStateException(impossible);
            }
        }
    }

    /** Hands each request on to WireMock's own handler. */
    private static final class Handler extends StubRequestHandler {
        private final StubRequestHandler wiremocks;
        private final DataTruncationSettings truncation;
        private final RequestJournalStore journal;
        private final Matched matched;
        private final Bodies bodies;
        private final ThreadLocal<Boolean> isNoted = ThreadLocal.withInitial(() -> false);
        private final ThreadLocal<String> whyRefused = new ThreadLocal<>();

        Handler(StubRequestHandler wiremocks, Options options, RequestJournalStore journal, Matched matched) {
            super(null, null, null, Map.of(), Map.of(), null, List.of(), List.of(), false, null, null);
            this.wiremocks = wiremocks;
            this.truncation = options.getDataTruncationSettings();
            this.journal = journal;
            this.matched = matched;
            this.bodies = new Bodies(journal);
        }

        @Override
        public void handle(Request request, HttpResponder responder, ServeEvent original) {
            matched.current.remove();
            isNoted.set(true);
            bodies.begin();
            boolean[] isSending = {false};
            HttpResponder watched = (asked, response, attributes) -> {
                isSending[0] = true;
                responder.respond(asked, response, attributes);
            };
            try {
                wiremocks.handle(withKnownCharset(request), watched, original);
            } catch (Throwable failure) {
                RequestCache.onRequestEnd(); // as WireMock does after an answer: it would keep values for the next request
                if (isSending[0] && isTheConnections(failure)) { // the client has hung up
                    throw failure;
                }
                Response answer = answer(500, words(failure));
                note(request, answer, words(failure));
                if (isSending[0]) {
                    throw failure;
                }
                responder.respond(request, answer, Map.of());
            } finally {
                ServeEvent event = matched.current.get();
                if (event != null) {
                    journal.get(event.getId()).ifPresent(bodies::bound);
                }
                matched.current.remove();
            }
        }

        /** Notes a request that never came to {@link #handle}: Jetty itself has refused it. */
        void noteRefused(wiremock.org.eclipse.jetty.server.Request request, wiremock.org.eclipse.jetty.server.Response response) {
            boolean isKnown = isNoted.get();
            isNoted.remove();
            String why = whyRefused.get();
            whyRefused.remove();
            String path = request.getRequestURI() == null ? "" : request.getRequestURI();
            if (isKnown || response.getStatus() < 400 || path.startsWith("/__admin") || "CONNECT".equals(request.getMethod())) {
                return;
            }
            List<HttpHeader> headers = new ArrayList<>();
            request.getHttpFields().forEach(field -> headers.add(new HttpHeader(field.getName(), field.getValue())));
            String query = request.getQueryString() == null ? "" : "?" + request.getQueryString();
            String url = request.getHttpURI() == null ? "" : request.getRequestURL() + query;
            String message = "Jetty, its HTTP server, refuses the request with " + response.getStatus()
                    + (why == null || why.equals(HttpStatus.getMessage(response.getStatus())) ? "" : ": " + why);
            note(plain(), answer(response.getStatus(), message), message, asked(request.getMethod(), url, headers, new byte[0]));
        }

        private void note(Request request, Response answer, String message) {
            ServeEvent event = matched.current.get();
            if (event != null) {
                note(journal.get(event.getId()).orElse(event), answer, message, null);
                return;
            }
            // It failed before it had found a stub, and perhaps at what the request holds.
            byte[] body;
            try {
                body = request.getBody();
            } catch (RuntimeException unreadable) {
                body = new byte[0];
            }
            Collection<HttpHeader> headers = request.getHeaders() == null ? List.of() : request.getHeaders().all();
            note(plain(), answer, message, asked(request.getMethod().value(), request.getAbsoluteUrl(), headers, body));
        }

        private void note(ServeEvent event, Response answer, String message, Map<String, Object> request) {
            ServeEvent whole = event.complete(answer, truncation);
            Map<String, Object> data = new HashMap<>(Map.of("message", message));
            if (request != null) {
                data.put("request", request);
            }
            whole.appendSubEvent(new SubEvent(TYPE, data));
            journal.remove(whole.getId());
            journal.add(whole);
        }

        /** An event without the request, which WireMock's own form of one may not hold: `?a=%zz`. */
        private static ServeEvent plain() {
            Map<String, Object> request = Map.of("method", "GET", "url", "/", "absoluteUrl", "http://unknown.invalid/",
                    "loggedDate", System.currentTimeMillis());
            return ServeEvent.ofUnmatched(
                    Json.mapToObject(request, LoggedRequest.class), ResponseDefinition.notConfigured());
        }

        private static Map<String, Object> asked(String method, String url, Collection<HttpHeader> headers, byte[] body) {
            return Map.of("method", method == null ? "GET" : method, "absoluteUrl", url == null ? "" : url,
                    "headers", valuesOf(headers), "bodyAsBase64", Base64.getEncoder().encodeToString(body));
        }

        private static Map<String, Object> valuesOf(Collection<HttpHeader> headers) {
            Map<String, Object> values = new LinkedHashMap<>();
            headers.forEach(header -> values.put(header.key(), header.values()));
            return values;
        }

        /** WireMock's journal cannot be read any more once it holds a request whose charset Java does not know. */
        private static Request withKnownCharset(Request request) {
            try {
                request.contentTypeHeader().charset();
                return request;
            } catch (IllegalArgumentException unknown) {
                return RequestWrapper.create()
                        .transformHeader("Content-Type", values -> List.of(values.get(0).split(";")[0]))
                        .wrap(request);
            }
        }

        private static Response answer(int status, String message) {
            return Response.response()
                    .status(status)
                    .headers(new HttpHeaders(new HttpHeader("Content-Type", "text/plain;charset=utf-8")))
                    .body("WireMock failed to answer: " + message)
                    .build();
        }

        private static boolean isTheConnections(Throwable failure) {
            for (Throwable each = failure; each != null; each = each.getCause()) {
                if (each instanceof IOException) {
                    return true;
                }
            }
            return false;
        }

        private static String words(Throwable failure) {
            String message = failure.getMessage();
            return message == null || message.isBlank() ? failure.getClass().getName() : message;
        }
    }
}
