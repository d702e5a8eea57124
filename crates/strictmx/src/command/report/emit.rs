//! `strictmx report emit`: telling the collector of sessions.
use std::path::Path;

use strictmx_io::clock::Clock;

use super::{
    log,
    teller::{EmitError, Input, Teller},
};
use crate::{
    cli::{Emit, Exit, OneSession, PolicyWord, output},
    config::Settings,
    flow::collect::session::{self, Words},
};

pub(super) async fn run(settings: &Settings, asked: &Emit) -> Exit {
    let mut teller = Teller::new(settings, asked);
    let outcome = match (&asked.domain, &asked.postfix_log) {
        (Some(domain), _) => match session::told(words(domain.as_str(), &asked.session)) {
            Ok(told) => teller.tell(&told).await,
            Err(error) => {
                output::error(error);
                return Exit::Usage;
            }
        },
        (None, Some(path)) => log::run(path, asked.zone, &mut teller).await,
        (None, None) => lines(&mut teller).await,
    };
    let outcome = match outcome {
        Ok(()) => teller.finish().await,
        Err(error) => teller.finish().await.and(Err(error)),
    };
    teller.summary(asked);
    match outcome {
        Err(error) => {
            output::error(error);
            Exit::NoLook
        }
        Ok(()) if teller.wrong > 0 => Exit::Findings,
        Ok(()) => Exit::Done,
    }
}

fn words(domain: &str, one: &OneSession) -> Words {
    let kind = match one.policy {
        PolicyWord::Sts => "sts",
        PolicyWord::Tlsa => "tlsa",
        PolicyWord::NoPolicyFound => "no-policy-found",
    };
    let success = one.result == "success";
    Words {
        domain: domain.to_owned(),
        policy_type: Some(kind.to_owned()),
        policy_domain: one.policy_domain.as_ref().map(ToString::to_string),
        policy_string: one.policy_string.clone(),
        mx_host: one.mx_host.clone(),
        result: success.then(|| "success".to_owned()),
        result_type: (!success).then(|| one.result.clone()),
        sending_mta_ip: one.sending_ip,
        receiving_mx_hostname: one.mx.clone(),
        receiving_mx_helo: one.helo.clone(),
        receiving_ip: one.ip,
        additional_information: None,
        failure_reason_code: one.reason.clone(),
        record: one.record.clone(),
        at: None,
        count: None,
    }
}

/// Sessions from standard input, one JSON object a line.
async fn lines(teller: &mut Teller) -> Result<(), EmitError> {
    let mut input = Input::open(Path::new("-"))?;
    while let Some((number, line)) = input.next()? {
        if line.trim_ascii().is_empty() {
            continue;
        }
        match session::read(line).and_then(|told| told.check(Clock::system().now()).map(|()| told)) {
            Ok(told) => teller.tell(&told).await?,
            Err(why) => teller.wrong(number, &why.to_string()),
        }
    }
    Ok(())
}
