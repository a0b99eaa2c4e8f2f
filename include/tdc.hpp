// tdc, the Temporal Data Converter, from C++17: what tdc.h declares, with owners, views and
// exceptions.
//
//   tdc::DataConverter converter = tdc::DataConverter::open("tdc.yaml", {}, &host);
//   tdc::Buffer encoded = converter.encode(payloads);          // a serialised Payloads in, one out
//
// Bytes come in as a view that lives as long as the call, and go out in a Buffer that owns the
// library's memory: nothing is copied. Whatever goes wrong is a tdc::Error. A DataConverter serves
// any number of threads at once; it is destroyed when no call is in flight.
//
// What a call asks for (a key, a request to a codec server, a wrapped data key) is asked of a
// tdc::Host, whose functions you override. Without a host such a call fails as
// if its requests had not been answered.
//
// The messages and the rules are those of tdc.h. examples/cpp/example.cpp is a program.
#ifndef TDC_HPP
#define TDC_HPP

#if defined(_MSVC_LANG) ? _MSVC_LANG < 201703L : __cplusplus < 201703L
#error "tdc.hpp needs C++17"
#endif

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tdc.h"

namespace tdc {

/// Borrowed bytes. They are a string_view because protobuf's C++ library serialises to std::string.
using Bytes = std::string_view;

/// What the library, or a host, could not do.
class Error : public std::runtime_error {
  public:
    Error(tdc_status code, const std::string &message, std::int64_t payload_index = -1,
          std::size_t size_needed = 0)
        : std::runtime_error(message), code_(code), payload_index_(payload_index), size_needed_(size_needed) {
    }

    /// The status, TDC_ERR_...
    tdc_status code() const noexcept {
        return code_;
    }
    /// The status's name, such as "TDC_ERR_AUTHENTICATION".
    const char *name() const noexcept {
        return tdc_status_name(code_);
    }
    /// The index, from 0, of the payload that the error is about; -1 when it is not about one
    /// payload.
    std::int64_t payload_index() const noexcept {
        return payload_index_;
    }
    /// With TDC_ERR_BUFFER_TOO_SMALL: the capacity that would do. Otherwise 0.
    std::size_t size_needed() const noexcept {
        return size_needed_;
    }
    /// Whether the same call can succeed later.
    bool transient() const noexcept {
        return tdc_status_is_transient(code_) != 0;
    }

  private:
    tdc_status code_;
    std::int64_t payload_index_;
    std::size_t size_needed_;
};

/// Bytes of the library, freed with this object.
class Buffer {
  public:
    Buffer() noexcept = default;
    /// Takes over what a function of tdc.h wrote.
    explicit Buffer(tdc_buffer raw) noexcept : raw_(raw) {
    }
    Buffer(Buffer &&other) noexcept : raw_(std::exchange(other.raw_, tdc_buffer{})) {
    }
    Buffer &operator=(Buffer &&other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Buffer() {
        tdc_buffer_free(&raw_);
    }

    const std::uint8_t *data() const noexcept {
        return raw_.data;
    }
    std::size_t size() const noexcept {
        return raw_.len;
    }
    bool empty() const noexcept {
        return raw_.len == 0;
    }
    /// The bytes, for as long as this object has them.
    Bytes view() const & noexcept {
        return {reinterpret_cast<const char *>(raw_.data), raw_.len};
    }
    /// A view of a temporary would dangle: keep the Buffer, or take str().
    Bytes view() const && = delete;
    /// A copy.
    std::string str() const {
        return std::string(reinterpret_cast<const char *>(raw_.data), raw_.len);
    }

  private:
    tdc_buffer raw_{};
};

/// One payload that a call made: `bytes` is the payload, `data` the contents of its data field.
/// Both are views of the caller's buffer, or of `owned` where the answer did not fit.
struct Written {
    Bytes bytes;
    Bytes data;
    Buffer owned;
};

/// A request for a codec server.
struct HttpRequest {
    std::string_view method;
    std::string_view url;
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    Bytes body;
    /// From the first attempt to connect to the end of the response.
    std::chrono::milliseconds timeout{0};
    /// Stop reading one byte after it.
    std::uint64_t max_response_bytes = 0;
};

/// What came back: status 0, and the reason as the body, where there was no response.
struct HttpResponse {
    std::uint32_t status = 0;
    std::string body;
};

/// The key of a key service that encrypts data keys.
struct KeyService {
    std::string_view uri;
    /// Keys that an alias of AWS named earlier: they are tried for unwrap as well.
    std::vector<std::string_view> earlier;
    /// For one attempt.
    std::chrono::milliseconds timeout{0};
};

/// Thrown by Host::wrap and Host::unwrap: why a key service did not answer.
class KeyServiceError : public std::runtime_error {
  public:
    enum class Why {
        unreachable, ///< It could not be reached, was too slow, or answered nonsense.
        refused,     ///< Access is denied, or the key is disabled or destroyed.
        invalid      ///< The wrapped key was changed, or is of another key.
    };
    KeyServiceError(Why why, const std::string &reason) : std::runtime_error(reason), why_(why) {
    }
    Why why() const noexcept {
        return why_;
    }

  private:
    Why why_;
};

/// What a call asks of your program. Override what your configuration needs: the rest answers that
/// there is no such thing. Calls come on the thread that made the call, and from any number of
/// threads at once. What a function throws ends the call and reaches the caller (KeyServiceError is
/// an answer).
class Host {
  public:
    virtual ~Host() = default;

    /// The 32 bytes of a key, or nothing where there is no such key.
    virtual std::optional<std::string> key(std::string_view /*id*/) {
        return std::nullopt;
    }
    /// A serialised google.protobuf.FileDescriptorSet: the type's file and what that imports.
    virtual std::optional<std::string> descriptor(std::string_view /*message_type*/) {
        return std::nullopt;
    }
    /// Send it as it is, without following redirects, sending cookies or trying again.
    virtual HttpResponse http(const HttpRequest & /*request*/) {
        return {0, "this program has no HTTP client: override tdc::Host::http"};
    }
    /// Has a key service encrypt a data key.
    virtual std::string wrap(const KeyService & /*service*/, Bytes /*data_key*/) {
        throw KeyServiceError(KeyServiceError::Why::unreachable,
                              "this program has no key service: override tdc::Host::wrap");
    }
    /// Has a key service decrypt a data key; its 32 bytes.
    virtual std::string unwrap(const KeyService & /*service*/, Bytes /*wrapped*/) {
        throw KeyServiceError(KeyServiceError::Why::unreachable,
                              "this program has no key service: override tdc::Host::unwrap");
    }
};

/// A serialization context, tdc.context.v1.Context: where the payloads of a call live. Only the
/// namespace decides anything today.
std::string context_of_namespace(std::string_view name);

namespace detail {

inline const std::uint8_t *pointer(Bytes bytes) noexcept {
    return reinterpret_cast<const std::uint8_t *>(bytes.data());
}

/// Throws the error of a status that is one. The error is freed.
inline void check(tdc_status status, tdc_error *raw) {
    if (status == TDC_OK || status == TDC_UNCHANGED) {
        return;
    }
    std::unique_ptr<tdc_error, void (*)(tdc_error *)> error(raw, tdc_error_free);
    const std::uint8_t *text = nullptr;
    std::size_t len = 0;
    tdc_error_message(error.get(), &text, &len);
    std::string message =
        text == nullptr ? tdc_status_name(status) : std::string(reinterpret_cast<const char *>(text), len);
    throw Error(status, message, raw == nullptr ? -1 : tdc_error_payload_index(raw),
                raw == nullptr ? 0 : tdc_error_size_needed(raw));
}

/// A field of a protobuf message: a number in `value`, or bytes.
struct Field {
    unsigned number = 0;
    std::uint64_t value = 0;
    Bytes bytes;
};

inline std::uint64_t take_varint(Bytes &from) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (from.empty()) {
            break;
        }
        const auto byte = static_cast<unsigned char>(from.front());
        from.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    throw Error(TDC_ERR_PROTOBUF, "the library's requests are not proto/tdc/host.proto");
}

/// Takes a field off a message; false at its end. host.proto has numbers and bytes alone.
inline bool take_field(Bytes &from, Field &field) {
    if (from.empty()) {
        return false;
    }
    const std::uint64_t tag = take_varint(from);
    const std::uint64_t value = take_varint(from);
    field = {static_cast<unsigned>(tag >> 3), value, {}};
    if ((tag & 7) == 2) {
        if (value > from.size()) {
            throw Error(TDC_ERR_PROTOBUF, "the library's requests are not proto/tdc/host.proto");
        }
        field.bytes = from.substr(0, static_cast<std::size_t>(value));
        from.remove_prefix(field.bytes.size());
    }
    return true;
}

/// The first field of this number.
inline Field field_of(Bytes message, unsigned number) {
    Field field;
    while (take_field(message, field)) {
        if (field.number == number) {
            return field;
        }
    }
    return {};
}

inline void put_varint(std::string &to, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
        to.push_back(static_cast<char>(value | 0x80));
    }
    to.push_back(static_cast<char>(value));
}

inline void put_number(std::string &to, unsigned number, std::uint64_t value) {
    put_varint(to, number << 3);
    put_varint(to, value);
}

inline void put_bytes(std::string &to, unsigned number, Bytes bytes) {
    put_varint(to, number << 3 | 2);
    put_varint(to, bytes.size());
    to.append(bytes);
}

/// Bytes that may have a key in them: erased when they are no longer needed, as far as a
/// std::string that grows allows it.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string bytes) noexcept : bytes_(std::move(bytes)) {
    }
    Secret(const Secret &) = delete;
    Secret &operator=(const Secret &) = delete;
    ~Secret() {
        volatile char *at = bytes_.data();
        for (std::size_t i = 0; i < bytes_.size(); i++) {
            at[i] = 0;
        }
    }
    const std::string &get() const noexcept {
        return bytes_;
    }
    std::string &get() noexcept {
        return bytes_;
    }

  private:
    std::string bytes_;
};

inline HttpRequest read_http(Bytes message) {
    HttpRequest request;
    Field field;
    while (take_field(message, field)) {
        switch (field.number) {
        case 1:
            request.method = field.bytes;
            break;
        case 2:
            request.url = field.bytes;
            break;
        case 3:
            request.headers.emplace_back(field_of(field.bytes, 1).bytes, field_of(field.bytes, 2).bytes);
            break;
        case 4:
            request.body = field.bytes;
            break;
        case 5:
            request.timeout = std::chrono::milliseconds(field.value);
            break;
        case 6:
            request.max_response_bytes = field.value;
            break;
        default:
            break;
        }
    }
    return request;
}

inline KeyService read_service(Bytes message) {
    KeyService service;
    Field field;
    while (take_field(message, field)) {
        switch (field.number) {
        case 1:
            service.uri = field.bytes;
            break;
        case 2:
            service.earlier.push_back(field.bytes);
            break;
        case 3:
            service.timeout = std::chrono::milliseconds(field.value);
            break;
        default:
            break;
        }
    }
    return service;
}

} // namespace detail

inline std::string context_of_namespace(std::string_view name) {
    std::string context;
    detail::put_bytes(context, 2, name);
    return context;
}

/// Calls that share their limits and what was answered, as one list of payloads that takes several
/// calls. One thread at a time.
class Call {
  public:
    Call() noexcept = default;
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;
    ~Call() {
        tdc_call_end(&raw_);
    }
    tdc_call *raw() noexcept {
        return &raw_;
    }

  private:
    tdc_call raw_{};
};

/// An open configuration.
class DataConverter {
  public:
    /// Opens the configuration file at `path`. `name_space` is for calls whose context names none.
    /// The host must outlive this object.
    static DataConverter open(std::string_view path, std::string_view name_space = {}, Host *host = nullptr) {
        refuse_other_abi();
        tdc_data_converter *raw = nullptr;
        tdc_error *error = nullptr;
        const tdc_status status = tdc_data_converter_open(
            detail::pointer(path), path.size(), detail::pointer(name_space), name_space.size(), &raw, &error);
        detail::check(status, error);
        return DataConverter(raw, host);
    }

    /// Takes a configuration as text. Its relative paths are relative to `base_dir`, or to the
    /// working directory where that is empty.
    static DataConverter parse(std::string_view document, std::string_view base_dir = {},
                               std::string_view name_space = {}, Host *host = nullptr) {
        refuse_other_abi();
        tdc_data_converter *raw = nullptr;
        tdc_error *error = nullptr;
        const tdc_status status = tdc_data_converter_parse(
            detail::pointer(document), document.size(), detail::pointer(base_dir), base_dir.size(),
            detail::pointer(name_space), name_space.size(), &raw, &error);
        detail::check(status, error);
        return DataConverter(raw, host);
    }

    /// Reads the configuration and its keys again. After an error everything stays as it was.
    void reload() {
        tdc_error *error = nullptr;
        const tdc_status status = tdc_data_converter_reload(raw_.get(), &error);
        detail::check(status, error);
    }

    /// A sum of TDC_FLAG_...
    std::uint32_t flags() const noexcept {
        return tdc_data_converter_flags(raw_.get());
    }

    /// The handle, for functions of tdc.h.
    const tdc_data_converter *raw() const noexcept {
        return raw_.get();
    }

    /// Encodes a serialised Payloads by the codecs: the same count in the same order comes out.
    Buffer encode(Bytes payloads, Bytes context = {}) const {
        return convert(tdc_codec_encode, context, payloads);
    }
    /// Decodes a serialised Payloads. What no codec of the library made is left alone.
    Buffer decode(Bytes payloads, Bytes context = {}) const {
        return convert(tdc_codec_decode, context, payloads);
    }
    /// Makes payloads of values in their raw forms, by the configuration's converters.
    Buffer to_payload(Bytes values, Bytes context = {}) const {
        return convert(tdc_converter_to_payload, context, values);
    }
    /// Gives values back in their raw forms.
    Buffer from_payload(Bytes payloads, Bytes context = {}) const {
        return convert(tdc_converter_from_payload, context, payloads);
    }
    /// Encodes a serialised temporal.api.failure.v1.Failure.
    Buffer encode_failure(Bytes failure, Bytes context = {}) const {
        return convert(tdc_failure_encode, context, failure);
    }
    /// Decodes a serialised failure.
    Buffer decode_failure(Bytes failure, Bytes context = {}) const {
        return convert(tdc_failure_decode, context, failure);
    }
    /// Decodes an exported history, and gives it back in the form in which it came.
    Buffer decode_history(Bytes history, Bytes context = {}) const {
        return convert(tdc_history_decode, context, history);
    }
    /// Encodes every payload and failure of a message of Temporal's API, whose full name is `name`.
    /// `flags` is 0 or TDC_MESSAGE_HEADERS.
    Buffer encode_message(std::string_view name, Bytes message, std::uint32_t flags = 0,
                          Bytes context = {}) const {
        return convert_message(tdc_message_encode, name, message, flags, context);
    }
    /// Decodes every payload and failure of such a message.
    Buffer decode_message(std::string_view name, Bytes message, std::uint32_t flags = 0,
                          Bytes context = {}) const {
        return convert_message(tdc_message_decode, name, message, flags, context);
    }

    /// The most bytes that a payload of this many bytes encodes to, with local codecs.
    std::size_t encode_bound(std::size_t payload_len) const noexcept {
        return tdc_codec_encode_bound(raw_.get(), payload_len);
    }
    /// Encodes one payload in two slices, as tdc_codec_encode_payload takes it, into the `capacity`
    /// bytes at `out`; nothing where the codecs leave it as it is. Pass one `call` for all payloads
    /// of a list.
    std::optional<Written> encode_payload(Bytes head, Bytes data, std::uint8_t *out, std::size_t capacity,
                                          Bytes context = {}, Call *call = nullptr) const {
        return convert_payload(tdc_codec_encode_payload, head, data, out, capacity, context, call);
    }
    /// Decodes one payload in two slices.
    std::optional<Written> decode_payload(Bytes head, Bytes data, std::uint8_t *out, std::size_t capacity,
                                          Bytes context = {}, Call *call = nullptr) const {
        return convert_payload(tdc_codec_decode_payload, head, data, out, capacity, context, call);
    }

  private:
    struct Free {
        void operator()(tdc_data_converter *raw) const noexcept {
            tdc_data_converter_free(raw);
        }
    };

    DataConverter(tdc_data_converter *raw, Host *host) noexcept : raw_(raw), host_(host) {
    }

    static void refuse_other_abi() {
        if (tdc_abi_version() != TDC_ABI_VERSION) {
            throw Error(TDC_ERR_ARGUMENT, std::string("libtdc ") + tdc_version() + " has version " +
                                              std::to_string(tdc_abi_version()) +
                                              " of the C ABI, tdc.hpp needs version " +
                                              std::to_string(TDC_ABI_VERSION) +
                                              ": use the library and the header of one release");
        }
    }

    template <typename Function> Buffer convert(Function function, Bytes context, Bytes message) const {
        tdc_buffer out{};
        run(nullptr, [&](tdc_call *call, tdc_error **error) {
            return function(raw_.get(), call, detail::pointer(context), context.size(),
                            detail::pointer(message), message.size(), &out, error);
        });
        return Buffer(out);
    }

    template <typename Function>
    Buffer convert_message(Function function, std::string_view name, Bytes message, std::uint32_t flags,
                           Bytes context) const {
        tdc_buffer out{};
        run(nullptr, [&](tdc_call *call, tdc_error **error) {
            return function(raw_.get(), call, detail::pointer(context), context.size(), detail::pointer(name),
                            name.size(), flags, detail::pointer(message), message.size(), &out, error);
        });
        return Buffer(out);
    }

    template <typename Function>
    std::optional<Written> convert_payload(Function function, Bytes head, Bytes data, std::uint8_t *out,
                                           std::size_t capacity, Bytes context, Call *shared) const {
        tdc_payload written{};
        const tdc_status status = run(shared, [&](tdc_call *call, tdc_error **error) {
            return function(raw_.get(), call, detail::pointer(context), context.size(), detail::pointer(head),
                            head.size(), detail::pointer(data), data.size(), out, capacity, &written, error);
        });
        if (status == TDC_UNCHANGED) {
            return std::nullopt;
        }
        Buffer owned(written.owned);
        const std::uint8_t *at = owned.data() != nullptr ? owned.data() : out;
        const Bytes bytes(reinterpret_cast<const char *>(at), written.len);
        return Written{bytes, bytes.substr(written.data_offset, written.data_len), std::move(owned)};
    }

    /// Makes a call again for as long as it asks for something. The loop ends: nothing is asked
    /// twice. Without a host nothing is asked, and the call fails with the error that the request
    /// stands for.
    template <typename Try> tdc_status run(Call *shared, Try attempt) const {
        Call own;
        tdc_call *call = shared != nullptr ? shared->raw() : own.raw();
        tdc_error *error = nullptr;
        tdc_status status = attempt(host_ != nullptr || shared != nullptr ? call : nullptr, &error);
        while (status == TDC_REQUESTS) {
            answer(call);
            status = attempt(call, &error);
        }
        detail::check(status, error);
        return status;
    }

    /// Answers everything that the call asks for, together.
    void answer(tdc_call *call) const {
        Host none;
        Host &host = host_ != nullptr ? *host_ : none;
        const std::uint8_t *bytes = nullptr;
        std::size_t len = 0;
        tdc_call_requests(call, &bytes, &len);
        Bytes requests(reinterpret_cast<const char *>(bytes), len);
        detail::Secret answers;
        detail::Field request;
        while (detail::take_field(requests, request)) {
            detail::Secret one;
            std::uint64_t id = 0;
            detail::Field kind;
            while (detail::take_field(request.bytes, kind)) {
                if (kind.number == 1) {
                    id = kind.value;
                } else {
                    detail::put_number(one.get(), 1, id);
                    answer_one(one.get(), host, kind);
                }
            }
            detail::put_bytes(answers.get(), 1, one.get());
        }
        tdc_error *error = nullptr;
        const tdc_status status =
            tdc_call_answer(raw_.get(), call, detail::pointer(answers.get()), answers.get().size(), &error);
        detail::check(status, error);
    }

    /// The numbers of the kinds are those of proto/tdc/host.proto.
    void answer_one(std::string &to, Host &host, const detail::Field &kind) const {
        switch (kind.number) {
        case 2:
            return put_or_unknown(to, 2, host.key(detail::field_of(kind.bytes, 1).bytes));
        case 3:
            // If the files are broken, the next try says so.
            (void)tdc_data_converter_reload(raw_.get(), nullptr);
            return detail::put_bytes(to, 3, {});
        case 4:
            return put_or_unknown(to, 4, host.descriptor(detail::field_of(kind.bytes, 1).bytes));
        case 5:
            return answer_http(to, host, kind.bytes);
        case 6:
        case 7:
            return answer_service(to, host, kind);
        default:
            throw Error(TDC_ERR_ARGUMENT,
                        "the library asks for something that this tdc.hpp does not know: use the "
                        "library and the header of one release");
        }
    }

    static void answer_http(std::string &to, Host &host, Bytes request) {
        const HttpResponse response = host.http(detail::read_http(request));
        std::string message;
        detail::put_number(message, 1, response.status);
        detail::put_bytes(message, 2, response.body);
        detail::put_bytes(to, 5, message);
    }

    static void answer_service(std::string &to, Host &host, const detail::Field &kind) {
        const KeyService service = detail::read_service(detail::field_of(kind.bytes, 1).bytes);
        const Bytes key = detail::field_of(kind.bytes, 2).bytes;
        try {
            if (kind.number == 6) {
                detail::put_bytes(to, 6, host.wrap(service, key));
            } else {
                const detail::Secret opened(host.unwrap(service, key));
                detail::put_bytes(to, 7, opened.get());
            }
        } catch (const KeyServiceError &error) {
            std::string failure;
            detail::put_number(failure, 1, error.why() == KeyServiceError::Why::refused);
            detail::put_number(failure, 2, error.why() == KeyServiceError::Why::invalid);
            detail::put_bytes(failure, 3, error.what());
            detail::put_bytes(to, 8, failure);
        }
    }

    static void put_or_unknown(std::string &to, unsigned number, std::optional<std::string> value) {
        if (value) {
            const detail::Secret secret(std::move(*value));
            detail::put_bytes(to, number, secret.get());
        } else {
            detail::put_bytes(to, 9, {});
        }
    }

    std::unique_ptr<tdc_data_converter, Free> raw_;
    Host *host_;
};

} // namespace tdc

#endif // TDC_HPP
