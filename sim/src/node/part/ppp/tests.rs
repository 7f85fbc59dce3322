use super::*;

/// Wants one option of a number, and wants the other's not to be above a bound.
struct Bounded {
    own: Option<u8>,
    most: u8,
}

impl Wishes for Bounded {
    fn options(&self) -> Vec<ConfigurationOption> {
        self.own
            .iter()
            .map(|own| ConfigurationOption::new(1, [*own]))
            .collect()
    }

    fn opinion(&mut self, option: &ConfigurationOption) -> Opinion {
        match option {
            ConfigurationOption { kind: 1, value } if value[0] <= self.most => Opinion::Fine,
            ConfigurationOption { kind: 1, .. } => {
                Opinion::Rather(ConfigurationOption::new(1, [self.most]))
            }
            _ => Opinion::No,
        }
    }

    fn take_nak(&mut self, option: &ConfigurationOption) {
        self.own = option.value.first().copied();
    }

    fn take_reject(&mut self, _option: &ConfigurationOption) {
        self.own = None;
    }
}

/// Returns a side that has asked for its option, with what it has said.
fn begun() -> (Automaton, Bounded, Vec<Control>) {
    let wishes = Bounded {
        own: Some(1),
        most: 9,
    };
    let mut side = Automaton::new();
    let mut out = Vec::new();
    side.open(&wishes, Time::ZERO, &mut out);
    (side, wishes, out)
}

#[test]
fn two_sides_agree_on_what_suits_both() {
    let mut wishes = [
        Bounded {
            own: Some(9),
            most: 9,
        },
        Bounded {
            own: Some(3),
            most: 5,
        },
    ];
    let mut sides = [Automaton::new(), Automaton::new()];
    let mut post = [Vec::new(), Vec::new()];
    for side in 0..2 {
        sides[side].open(&wishes[side], Time::ZERO, &mut post[side]);
    }
    let mut ups = 0;
    for turn in 0..20 {
        let side = turn % 2;
        for packet in std::mem::take(&mut post[1 - side]) {
            let change =
                sides[side].handle(&packet, &mut wishes[side], Time::ZERO, &mut post[side]);
            ups += usize::from(change == Change::Up);
        }
    }
    assert_eq!((ups, wishes[0].own), (2, Some(5)));
    assert!(sides.iter().all(Automaton::is_open));
}

#[test]
fn nobody_answers_and_it_gives_up_after_ten_requests() {
    let (mut alone, wishes, mut out) = begun();
    let mut change = Change::None;
    while change == Change::None {
        let at = alone.poll_timeout().unwrap();
        change = alone.handle_timeout(&wishes, at, &mut out);
    }
    assert_eq!(
        (change, out.len()),
        (Change::Finished, MAX_CONFIGURE as usize)
    );
}

/// RFC 1661 §3.7.
#[test]
fn who_is_asked_for_the_end_waits_for_the_other_side_to_hang_up() {
    let (mut side, mut wishes, mut out) = begun();
    for (code, id) in [(CONFIGURE_ACK, 1), (CONFIGURE_REQUEST, 7)] {
        let packet = Control::with_options(code, id, &wishes.options());
        side.handle(&packet, &mut wishes, Time::ZERO, &mut out);
    }
    assert!(side.is_open());
    let end = Control {
        code: TERMINATE_REQUEST,
        id: 3,
        data: Vec::new(),
    };
    let change = side.handle(&end, &mut wishes, Time::ZERO, &mut out);
    assert_eq!((change, side.is_stopping()), (Change::Down, true));
    assert_eq!(
        out.last().map(|said| (said.code, said.id)),
        Some((TERMINATE_ACK, 3))
    );
    let due = side.poll_timeout().unwrap();
    assert_eq!(due, Time::ZERO + RESTART);
    let change = side.handle_timeout(&wishes, due, &mut out);
    assert_eq!((change, side.poll_timeout()), (Change::Finished, None));
}

#[test]
fn an_answer_to_an_older_request_and_an_unknown_code_change_nothing() {
    let (mut side, mut wishes, mut out) = begun();
    let old = Control::with_options(CONFIGURE_ACK, 77, &wishes.options());
    side.handle(&old, &mut wishes, Time::ZERO, &mut out);
    assert_eq!(side.state, State::RequestSent);
    let odd = Control {
        code: 99,
        id: 4,
        data: vec![1],
    };
    side.handle(&odd, &mut wishes, Time::ZERO, &mut out);
    let said = out.last().unwrap();
    assert_eq!((said.code, &said.data), (CODE_REJECT, &odd.to_bytes()));
}

#[test]
fn what_is_delivered_twice_starts_no_negotiation() {
    let wishes = |own| Bounded {
        own: Some(own),
        most: 9,
    };
    let mut wishes = [wishes(1), wishes(2)];
    let mut sides = [Automaton::new(), Automaton::new()];
    let mut post = [Vec::new(), Vec::new()];
    for side in 0..2 {
        sides[side].open(&wishes[side], Time::ZERO, &mut post[side]);
    }
    for turn in 0..20 {
        let side = turn % 2;
        for packet in std::mem::take(&mut post[1 - side]) {
            for _ in 0..2 {
                sides[side].handle(&packet, &mut wishes[side], Time::ZERO, &mut post[side]);
            }
        }
    }
    assert!(sides.iter().all(Automaton::is_open));
    assert_eq!(post, [vec![], vec![]]);
}

#[test]
fn a_request_that_comes_again_later_starts_a_negotiation() {
    let (mut side, mut wishes, mut out) = begun();
    let theirs = Control::with_options(CONFIGURE_REQUEST, 7, &[ConfigurationOption::new(1, [2])]);
    let agreed = Control::with_options(CONFIGURE_ACK, 1, &wishes.options());
    for packet in [&theirs, &agreed, &theirs] {
        side.handle(packet, &mut wishes, Time::ZERO, &mut out);
    }
    assert!(side.is_open());
    let change = side.handle(&theirs, &mut wishes, Time::ZERO + RESTART, &mut out);
    assert_eq!((change, side.is_open()), (Change::Down, false));
}
