//! Which fields of which messages lead to payloads. Computed once from descriptors, so that a
//! visitor can skip everything else.

use tdc_formats::wire::Value;

use std::collections::{HashMap, HashSet};

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

/// The positions of payloads in every message of a descriptor pool.
pub(crate) struct Plans {
    messages: Vec<Plan>,
    /// Every message of the pool; `None`: nothing in it leads to a payload.
    names: HashMap<String, Option<usize>>,
}

/// The kind of a message for the visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Message,
    /// A payload itself.
    Payload,
    Failure,
    Any,
    /// A Nexus operation: it has a singular `string endpoint`, of this number, and a singular
    /// `Payload input`.
    NexusOperation {
        endpoint: u32,
    },
}

/// The relevant fields of one message.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) shape: Shape,
    /// By rising number.
    fields: Vec<Field>,
    /// Number of slots of its fields: 0 if none is singular.
    pub(crate) slots: usize,
}

/// A field that leads to payloads, or shares a oneof with one that does.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) name: String,
    /// Its name in JSON.
    json_name: String,
    /// A list or a map.
    pub(crate) repeated: bool,
    pub(crate) is_map: bool,
    /// Shared by a singular field with the other members of its oneof: only the last one counts.
    pub(crate) slot: Option<usize>,
    pub(crate) target: Target,
    pub(crate) treatment: Treatment,
}

/// Where a field leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To no payload: it only takes part in a oneof. Carried as varint, as bytes, or otherwise.
    Nothing(Carried),
    Payload,
    /// To the payload that is a Nexus operation's input.
    NexusInput,
    /// To a message, by its plan.
    Message(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    Varint,
    Bytes,
    Fixed,
}

/// How the SDKs treat the payloads of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// They go through the codecs.
    Codec,
    /// Some do; others the SDKs write plain.
    Mixed,
    /// The SDKs write them plain; an interceptor may have encoded them.
    Plain,
    /// Headers: plain unless the caller asks for them.
    Header,
}

/// A message that holds search attributes, which the server reads: never touched.
const SEARCH_ATTRIBUTES: [&str; 1] = ["temporal.api.common.v1.SearchAttributes"];

/// Values of search attributes outside [`SEARCH_ATTRIBUTES`]: those that `Count…` groups by.
const GROUP_VALUES: &str = "AggregationGroup.group_values";

const HEADER: &str = "temporal.api.common.v1.Header";

/// Some of it is written plain: ids of versions, side effects and local activities by Java's SDK,
/// metadata of deployments by programs without an SDK client for them (Go's SDK passes them to its
/// data converter).
const MIXED: [&str; 6] = [
    "temporal.api.command.v1.RecordMarkerCommandAttributes.details",
    "temporal.api.deployment.v1.DeploymentInfo.metadata",
    "temporal.api.deployment.v1.UpdateDeploymentMetadata.upsert_entries",
    "temporal.api.deployment.v1.VersionMetadata.entries",
    "temporal.api.history.v1.MarkerRecordedEventAttributes.details",
    "temporal.api.workflowservice.v1.UpdateWorkerDeploymentVersionMetadataRequest.upsert_entries",
];

/// Payloads that no SDK passes to a codec; the server reads some of them.
const PLAIN: [&str; 4] = [
    "temporal.api.cloud.nexus.v1.EndpointSpec.description",
    "temporal.api.compute.v1.ComputeProvider.details",
    "temporal.api.compute.v1.ComputeScaler.details",
    "temporal.api.nexus.v1.EndpointSpec.description",
];

impl Plans {
    pub(crate) fn new(pool: &DescriptorPool) -> Self {
        let messages: Vec<_> = pool.all_messages().collect();
        let leading = leading(&messages);
        let index: HashMap<&str, usize> =
            leading.iter().enumerate().map(|(index, message)| (message.full_name(), index)).collect();
        let plans = leading.iter().map(|message| Plan::new(message, &index)).collect();
        let names = messages
            .iter()
            .map(|message| (message.full_name().to_owned(), index.get(message.full_name()).copied()))
            .collect();
        Self { messages: plans, names }
    }

    /// The plan of the message named `name`: `None` if there is no such message, `Some(None)` if
    /// nothing in it leads to a payload.
    pub(crate) fn find(&self, name: &str) -> Option<Option<&Plan>> {
        self.names.get(name).map(|index| index.and_then(|index| self.get(index)))
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Plan> {
        self.messages.get(index)
    }
}

/// The messages that lead to payloads, in the order of the pool.
fn leading(messages: &[MessageDescriptor]) -> Vec<&MessageDescriptor> {
    let mut names: HashSet<&str> = HashSet::new();
    loop {
        let before = names.len();
        for message in messages {
            let leads = !matches!(shape(message), Shape::Message)
                || message.fields().any(|field| {
                    !is_search_attribute(&field)
                        && matches!(field.kind(), Kind::Message(inner) if names.contains(inner.full_name()))
                });
            if leads && !SEARCH_ATTRIBUTES.contains(&message.full_name()) {
                names.insert(message.full_name());
            }
        }
        if names.len() == before {
            return messages.iter().filter(|message| names.contains(message.full_name())).collect();
        }
    }
}

fn is_search_attribute(field: &FieldDescriptor) -> bool {
    field.full_name().ends_with(GROUP_VALUES)
}

fn shape(message: &MessageDescriptor) -> Shape {
    match message.full_name() {
        "temporal.api.common.v1.Payload" => return Shape::Payload,
        "temporal.api.failure.v1.Failure" => return Shape::Failure,
        "google.protobuf.Any" => return Shape::Any,
        _ => {}
    }
    let singular = |name| message.get_field_by_name(name).filter(|field| !field.is_list());
    if let (Some(endpoint), Some(input)) = (singular("endpoint"), singular("input"))
        && endpoint.kind() == Kind::String
        && is_payload(&input)
    {
        return Shape::NexusOperation { endpoint: endpoint.number() };
    }
    Shape::Message
}

fn is_payload(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(inner) if shape_is_payload(&inner))
}

fn shape_is_payload(message: &MessageDescriptor) -> bool {
    message.full_name() == "temporal.api.common.v1.Payload"
}

impl Plan {
    fn new(message: &MessageDescriptor, index: &HashMap<&str, usize>) -> Self {
        let mut fields = Vec::new();
        let mut slots = HashMap::new();
        let targets: Vec<_> = message.fields().map(|field| (target(&field, index), field)).collect();
        for (target, field) in &targets {
            let oneof = field.containing_oneof();
            let oneof_leads = oneof.as_ref().is_some_and(|oneof| {
                let led = |(target, field): &(Target, FieldDescriptor)| {
                    !matches!(target, Target::Nothing(_)) && field.containing_oneof().as_ref() == Some(oneof)
                };
                targets.iter().any(led)
            });
            if matches!(target, Target::Nothing(_)) && !oneof_leads {
                continue;
            }
            let repeated = field.is_list() || field.is_map();
            let slot = (!repeated).then(|| {
                let key =
                    oneof.map_or_else(|| field.full_name().to_owned(), |oneof| oneof.full_name().to_owned());
                let next = slots.len();
                *slots.entry(key).or_insert(next)
            });
            fields.push(Field {
                number: field.number(),
                name: field.name().to_owned(),
                json_name: field.json_name().to_owned(),
                repeated,
                is_map: field.is_map(),
                slot,
                target: *target,
                treatment: treatment(field),
            });
        }
        fields.sort_by_key(|field| field.number);
        Self { shape: shape(message), fields, slots: slots.len() }
    }

    /// Whether the message is `Payloads`, or one like it: nothing in it leads to payloads but a
    /// list of them.
    pub(crate) fn is_payloads(&self) -> bool {
        matches!(&*self.fields, [Field { repeated: true, is_map: false, target: Target::Payload, .. }])
    }

    #[inline]
    pub(crate) fn field(&self, number: u32) -> Option<&Field> {
        let found = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(found)
    }

    /// The field for a member of a JSON object, by either of its names.
    pub(crate) fn field_named(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.json_name == name || field.name == name)
    }
}

impl Field {
    /// Whether `value` has the wire type of the field; otherwise it is an unknown field with the
    /// same number.
    pub(crate) fn is_carried_as(&self, value: &Value<'_>) -> bool {
        let carried = match self.target {
            Target::Nothing(carried) => carried,
            Target::Payload | Target::NexusInput | Target::Message(_) => Carried::Bytes,
        };
        carried
            == match value {
                Value::Varint(_) => Carried::Varint,
                Value::Bytes(_) => Carried::Bytes,
                Value::Fixed32(_) | Value::Fixed64(_) | Value::Group(_) => Carried::Fixed,
            }
    }
}

fn target(field: &FieldDescriptor, index: &HashMap<&str, usize>) -> Target {
    if is_search_attribute(field) {
        return Target::Nothing(Carried::Bytes);
    }
    match field.kind() {
        Kind::Message(_) if field.is_group() => Target::Nothing(Carried::Fixed),
        Kind::Message(inner) if shape_is_payload(&inner) => {
            let parent = shape(field.parent_message());
            let is_input = matches!(parent, Shape::NexusOperation { .. }) && field.name() == "input";
            if is_input { Target::NexusInput } else { Target::Payload }
        }
        Kind::Message(inner) => match index.get(inner.full_name()) {
            Some(plan) => Target::Message(*plan),
            None => Target::Nothing(Carried::Bytes),
        },
        Kind::String | Kind::Bytes => Target::Nothing(Carried::Bytes),
        Kind::Double | Kind::Float | Kind::Fixed32 | Kind::Fixed64 | Kind::Sfixed32 | Kind::Sfixed64 => {
            Target::Nothing(Carried::Fixed)
        }
        _ => Target::Nothing(Carried::Varint),
    }
}

fn treatment(field: &FieldDescriptor) -> Treatment {
    if matches!(field.kind(), Kind::Message(inner) if inner.full_name() == HEADER) {
        Treatment::Header
    } else if MIXED.contains(&field.full_name()) {
        Treatment::Mixed
    } else if PLAIN.contains(&field.full_name()) {
        Treatment::Plain
    } else {
        Treatment::Codec
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptors::temporal_pool;

    fn plans() -> Plans {
        Plans::new(temporal_pool().unwrap())
    }

    #[test]
    fn only_messages_that_lead_to_payloads_have_a_plan() {
        let plans = plans();
        for (name, leads) in [
            ("temporal.api.common.v1.Payloads", true),
            ("temporal.api.common.v1.Header", true),
            ("temporal.api.common.v1.SearchAttributes", false),
            ("temporal.api.common.v1.WorkflowExecution", false),
            ("temporal.api.history.v1.History", true),
            ("temporal.api.workflowservice.v1.CountWorkflowExecutionsResponse", false),
            ("temporal.api.workflowservice.v1.StartWorkflowExecutionRequest", true),
        ] {
            assert_eq!(plans.find(name).unwrap().is_some(), leads, "{name}");
        }
        assert!(plans.find("temporal.api.common.v1.Nothing").is_none());
    }

    #[test]
    fn every_name_in_the_tables_is_a_field() {
        let pool = temporal_pool().unwrap();
        for name in MIXED.iter().chain(&PLAIN) {
            let (message, field) = name.rsplit_once('.').unwrap();
            let message = pool.get_message_by_name(message).unwrap_or_else(|| panic!("{name}"));
            assert!(message.get_field_by_name(field).is_some(), "{name}");
        }
    }

    #[test]
    fn members_of_a_oneof_share_a_slot() {
        let plans = plans();
        let event = plans.find("temporal.api.history.v1.HistoryEvent").unwrap().unwrap();
        assert_eq!(event.field(6).unwrap().slot, event.field(7).unwrap().slot);
        assert_ne!(event.field(6).unwrap().slot, event.field(301).unwrap().slot);
        assert!(event.field(1).is_none());
    }

    #[test]
    fn nexus_operations_are_known_by_their_shape() {
        let plans = plans();
        for name in [
            "temporal.api.command.v1.ScheduleNexusOperationCommandAttributes",
            "temporal.api.history.v1.NexusOperationScheduledEventAttributes",
        ] {
            let shape = plans.find(name).unwrap().unwrap().shape;
            assert_eq!(shape, Shape::NexusOperation { endpoint: 1 }, "{name}");
        }
    }
}
