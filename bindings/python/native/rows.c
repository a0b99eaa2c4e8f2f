/*
 * temporal_tdc._native.event_rows: a decoded history as columns, for `_rows.py`.
 *
 * It knows the events that a history is full of: those whose payloads are in lists of payloads, at
 * paths that are known before. Every other event (the first one, failures, maps, what occurs twice)
 * goes to a function of Python, which knows them all by protobuf's own parser.
 *
 * The bytes are hostile. Each length is compared with what is left before anything is read, and
 * nothing recurses deeper than the plan does.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rows.h"

/* What a field of the plan is; `_rows.py` has the same numbers. */
enum { MESSAGE = 0, PAYLOADS = 1, PAYLOAD = 2, NOTHING = 3, SLOW = 4 };

/* How a step ended: an exception, well, or with work for Python. */
typedef enum { FAILED = -1, DONE = 0, LEFT = 1 } outcome;

typedef struct {
  const uint8_t *at, *end;
} slice;

typedef struct {
  uint32_t number, wire;
  uint64_t value; /* of wire types 0, 1 and 5 */
  slice bytes;    /* of wire type 2 */
} field;

/* The lists, in the order in which `_rows.py` gives them. */
enum { IDS, TIMES, TYPES, OFFSETS, PATHS, NAMES, KINDS, TEXTS, CONTENTS, LISTS };

typedef struct {
  PyObject *lists[LISTS];
  PyObject *plan, *encodings, *slow;
} rows;

static bool read_varint(slice *from, uint64_t *value) {
  *value = 0;
  for (unsigned shift = 0; shift < 70 && from->at < from->end; shift += 7) {
    uint8_t byte = *from->at++;
    if (shift < 64) *value |= (uint64_t)(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/* Reads the next field; false if there is none, or with `*broken` if it is malformed. */
static bool next_field(slice *from, field *found, bool *broken) {
  uint64_t tag;
  size_t fixed = 0;
  if (from->at == from->end) return false;
  *broken = true;
  if (!read_varint(from, &tag) || tag >> 3 == 0 || tag > UINT32_MAX) return false;
  found->number = (uint32_t)(tag >> 3);
  found->wire = (uint32_t)(tag & 7);
  switch (found->wire) {
    case 0:
      if (!read_varint(from, &found->value)) return false;
      break;
    case 2:
      if (!read_varint(from, &found->value)) return false;
      if (found->value > (uint64_t)(from->end - from->at)) return false;
      found->bytes.at = from->at;
      from->at += found->value;
      found->bytes.end = from->at;
      break;
    case 1:
    case 5:
      fixed = found->wire == 1 ? 8 : 4;
      if (fixed > (size_t)(from->end - from->at)) return false;
      from->at += fixed;
      break;
    default:
      return false; /* groups, and what does not exist */
  }
  *broken = false;
  return true;
}

/* Appends a new reference, which is given up in any case. */
static int append(PyObject *list, PyObject *item) {
  if (item == NULL) return -1;
  int failed = PyList_Append(list, item);
  Py_DECREF(item);
  return failed;
}

static PyObject *bytes_of(slice from) {
  return PyBytes_FromStringAndSize((const char *)from.at, from.end - from.at);
}

static bool is_text(slice found, const char *text) {
  size_t size = strlen(text);
  return (size_t)(found.end - found.at) == size && memcmp(found.at, text, size) == 0;
}

/* An entry of `metadata`; keeps it if it is one of the two that a row shows. */
static outcome read_entry(slice from, slice *encoding, slice *kind, bool *has_kind) {
  static const uint8_t nothing[1];
  slice key = {nothing, nothing}, value = {nothing, nothing};
  field found;
  bool broken = false;
  while (next_field(&from, &found, &broken)) {
    if (found.number > 2) continue;
    if (found.wire != 2) return LEFT;
    *(found.number == 1 ? &key : &value) = found.bytes;
  }
  if (broken) return LEFT;
  if (is_text(key, "encoding")) {
    *encoding = value;
  } else if (is_text(key, "messageType")) {
    *kind = value;
    *has_kind = true;
  }
  return DONE;
}

static outcome add_payload(rows *self, slice from, PyObject *path) {
  static const uint8_t nothing[1];
  slice encoding = {nothing, nothing}, kind = encoding, data = encoding;
  bool has_kind = false, broken = false;
  field found;
  while (next_field(&from, &found, &broken)) {
    if (found.number > 2) continue;
    if (found.wire != 2) return LEFT;
    if (found.number == 2) {
      data = found.bytes;
    } else if (read_entry(found.bytes, &encoding, &kind, &has_kind) != DONE) {
      return LEFT;
    }
  }
  if (broken) return LEFT;
  PyObject *key = bytes_of(encoding);
  if (key == NULL) return FAILED;
  PyObject *known = PyObject_GetItem(self->encodings, key); /* makes what it does not know */
  Py_DECREF(key);
  if (known == NULL) return FAILED;
  outcome done = FAILED;
  PyObject *name = PyTuple_GetItem(known, 0), *text = PyTuple_GetItem(known, 1), *type = Py_None;
  if (name == NULL || text == NULL) goto out;
  if (has_kind) {
    type = PyUnicode_DecodeUTF8((const char *)kind.at, kind.end - kind.at, "replace");
    if (type == NULL) goto out;
  } else {
    Py_INCREF(type);
  }
  bool shown = text == Py_True;
  if (append(self->lists[KINDS], type) != 0) goto out;
  if (append(self->lists[shown ? TEXTS : CONTENTS], bytes_of(data)) != 0) goto out;
  if (PyList_Append(self->lists[shown ? CONTENTS : TEXTS], Py_None) != 0) goto out;
  if (PyList_Append(self->lists[NAMES], name) != 0) goto out;
  if (PyList_Append(self->lists[PATHS], path) != 0) goto out;
  done = DONE;
out:
  Py_DECREF(known);
  return done;
}

/* A `Payloads`: its field 1 are payloads; `paths` has a path for as many as are common. */
static outcome add_payloads(rows *self, slice from, PyObject *paths) {
  Py_ssize_t index = 0, most = PyTuple_Size(paths);
  if (most < 0) return FAILED;
  field found;
  bool broken = false;
  while (next_field(&from, &found, &broken)) {
    if (found.number != 1) continue;
    if (found.wire != 2 || index == most) return LEFT;
    PyObject *path = PyTuple_GetItem(paths, index++);
    if (path == NULL) return FAILED;
    outcome done = add_payload(self, found.bytes, path);
    if (done != DONE) return done;
  }
  return broken ? LEFT : DONE;
}

/* A field of a plan: what it is, and what belongs to it, both borrowed. */
static outcome look_up(PyObject *plan, uint32_t number, long *code, PyObject **more) {
  PyObject *key = PyLong_FromUnsignedLong(number);
  if (key == NULL) return FAILED;
  PyObject *entry = PyDict_GetItemWithError(plan, key);
  Py_DECREF(key);
  if (entry == NULL) return PyErr_Occurred() ? FAILED : LEFT;
  PyObject *first = PyTuple_GetItem(entry, 0);
  *more = PyTuple_GetItem(entry, 1);
  if (first == NULL || *more == NULL) return FAILED;
  *code = PyLong_AsLong(first);
  return *code == -1 && PyErr_Occurred() ? FAILED : DONE;
}

static outcome add_message(rows *self, slice from, PyObject *plan);

static outcome add_field(rows *self, slice bytes, long code, PyObject *more) {
  switch (code) {
    case NOTHING:
      return DONE;
    case MESSAGE:
      return add_message(self, bytes, more);
    case PAYLOADS:
      return add_payloads(self, bytes, more);
    case PAYLOAD:
      return add_payload(self, bytes, more);
    default:
      return LEFT;
  }
}

/*
 * A message below an event. Fields come by rising numbers; where they do not, or one occurs twice,
 * which protobuf merges, the event is left to Python.
 */
static outcome add_message(rows *self, slice from, PyObject *plan) {
  uint32_t last = 0;
  field found;
  bool broken = false;
  while (next_field(&from, &found, &broken)) {
    long code;
    PyObject *more;
    outcome known = look_up(plan, found.number, &code, &more);
    if (known == FAILED) return FAILED;
    if (known == LEFT) continue; /* leads to no payload */
    if (found.wire != 2 || found.number <= last) return LEFT;
    last = found.number;
    outcome done = add_field(self, found.bytes, code, more);
    if (done != DONE) return done;
  }
  return broken ? LEFT : DONE;
}

/* Reads a `Timestamp` as microseconds. */
static outcome read_time(slice from, int64_t *micros) {
  uint64_t parts[2] = {0, 0};
  field found;
  bool broken = false;
  while (next_field(&from, &found, &broken)) {
    if (found.number > 2) continue;
    if (found.wire != 0) return LEFT;
    parts[found.number - 1] = found.value;
  }
  /* From year 1 to year 9999; anything else, and before 1970, is for Python. */
  if (broken || parts[0] > 253402300799u || parts[1] > 999999999u) return LEFT;
  *micros = (int64_t)(parts[0] * 1000000 + parts[1] / 1000);
  return DONE;
}

/* An event: 1 id, 2 time, 3 type; the plan has all members of the oneof `attributes`. */
static outcome add_event(rows *self, slice from) {
  uint64_t id = 0, type = 0;
  int64_t micros = 0;
  bool has_attributes = false, has_time = false, has_metadata = false, broken = false;
  field found;
  while (next_field(&from, &found, &broken)) {
    if (found.number == 1 || found.number == 3) {
      if (found.wire != 0) return LEFT;
      *(found.number == 1 ? &id : &type) = found.value;
      continue;
    }
    if (found.number == 2) {
      if (found.wire != 2 || has_time || read_time(found.bytes, &micros) != DONE) return LEFT;
      has_time = true;
      continue;
    }
    long code;
    PyObject *more;
    outcome known = look_up(self->plan, found.number, &code, &more);
    if (known == FAILED) return FAILED;
    if (known == LEFT) continue;
    /* The user's metadata is the only one that is not a member of the oneof. */
    bool *has = found.number == USER_METADATA ? &has_metadata : &has_attributes;
    if (found.wire != 2 || *has || has_metadata) return LEFT;
    *has = true;
    outcome done = add_field(self, found.bytes, code, more);
    if (done != DONE) return done;
  }
  if (broken || type > INT32_MAX || id > INT64_MAX) return LEFT;
  PyObject *time = micros == 0 ? Py_NewRef(Py_None) : PyLong_FromLongLong(micros);
  if (append(self->lists[TIMES], time) != 0 ||
      append(self->lists[IDS], PyLong_FromUnsignedLongLong(id)) != 0 ||
      append(self->lists[TYPES], PyLong_FromUnsignedLongLong(type)) != 0 ||
      append(self->lists[OFFSETS], PyLong_FromSsize_t(PyList_Size(self->lists[PATHS]))) != 0) {
    return FAILED;
  }
  return DONE;
}

static int note_sizes(const rows *self, Py_ssize_t sizes[LISTS]) {
  for (int each = 0; each < LISTS; each++) {
    sizes[each] = PyList_Size(self->lists[each]);
    if (sizes[each] < 0) return -1;
  }
  return 0;
}

/* Takes back what was added since. */
static int cut(const rows *self, const Py_ssize_t sizes[LISTS]) {
  for (int each = 0; each < LISTS; each++) {
    if (PyList_SetSlice(self->lists[each], sizes[each], PY_SSIZE_T_MAX, NULL) != 0) return -1;
  }
  return 0;
}

/* Takes back what an event added before it turned out to be for Python, and calls that. */
static int add_slowly(rows *self, slice event, bool is_first, const Py_ssize_t sizes[LISTS]) {
  if (cut(self, sizes) != 0) return -1;
  PyObject *bytes = bytes_of(event);
  if (bytes == NULL) return -1;
  PyObject *done = PyObject_CallFunctionObjArgs(self->slow, bytes, is_first ? Py_True : Py_False, NULL);
  Py_DECREF(bytes);
  if (done == NULL) return -1;
  Py_DECREF(done);
  return 0;
}

static PyObject *event_rows(PyObject *module, PyObject *arguments) {
  (void)module;
  const char *text;
  Py_ssize_t size;
  PyObject *lists;
  rows self;
  if (!PyArg_ParseTuple(arguments, "y#O!OOO!", &text, &size, &PyDict_Type, &self.plan, &self.encodings,
                        &self.slow, &PyTuple_Type, &lists)) {
    return NULL;
  }
  for (int each = 0; each < LISTS; each++) {
    self.lists[each] = PyTuple_GetItem(lists, each);
    if (self.lists[each] == NULL) return NULL;
  }
  slice from = {(const uint8_t *)text, (const uint8_t *)text + size};
  bool is_first = true, broken = false;
  Py_ssize_t begin[LISTS], sizes[LISTS];
  if (note_sizes(&self, begin) != 0) return NULL;
  field found;
  while (next_field(&from, &found, &broken)) {
    if (found.number != 1) continue;
    if (found.wire != 2) {
      broken = true;
      break;
    }
    if (note_sizes(&self, sizes) != 0) return NULL;
    outcome done = is_first ? LEFT : add_event(&self, found.bytes);
    if (done == LEFT && add_slowly(&self, found.bytes, is_first, sizes) != 0) return NULL;
    if (done == FAILED) return NULL;
    is_first = false;
  }
  if (broken && cut(&self, begin) != 0) return NULL;
  return Py_NewRef(broken ? Py_False : Py_True);
}

static PyMethodDef methods[] = {
    {"event_rows", event_rows, METH_VARARGS, "Add the events of a history to lists of columns; False for Python to do it."},
    {NULL, NULL, 0, NULL}};

int rows_fill(PyObject *module) { return PyModule_AddFunctions(module, methods); }
