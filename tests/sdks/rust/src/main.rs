//! Who asks STS who it is, by the Rust SDK, as the profiles of its arguments; "" is whatever the environment says.
//!
//! All clients are opened at once and kept. At each line of standard input each asks again, and a line is printed for it:
//! profile, account, region, access key, with a tab between.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_sdk_sts::{error::DisplayErrorContext, Client};
use std::{env, io};

struct Opened {
    profile: String,
    config: SdkConfig,
    client: Client,
}

async fn open(profile: String) -> Opened {
    // Loopback speaks no TLS, and a library for it is most of what there would be to compile.
    let http = aws_smithy_http_client::Builder::new().build_http();
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(http);
    let config = if profile.is_empty() { loader } else { loader.profile_name(&profile) }.load().await;
    let client = Client::new(&config);
    Opened { profile, config, client }
}

async fn ask(opened: &Opened) -> Result<String, Box<dyn std::error::Error>> {
    let who = opened.client.get_caller_identity().send().await?;
    let provider = opened.config.credentials_provider().ok_or("no credentials provider")?;
    let keys = provider.provide_credentials().await?;
    let region = opened.config.region().map(ToString::to_string).unwrap_or_default();
    Ok(format!("{}\t{}\t{}", who.account().unwrap_or_default(), region, keys.access_key_id()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let set = tokio::task::LocalSet::new();
    set.run_until(async {
        let opening: Vec<_> = env::args().skip(1).map(|name| tokio::task::spawn_local(open(name))).collect();
        let mut all = Vec::new();
        for one in opening {
            all.push(std::rc::Rc::new(one.await.expect("it opens")));
        }
        for _ in io::stdin().lines() {
            let asking: Vec<_> = all
                .iter()
                .cloned()
                .map(|one| {
                    tokio::task::spawn_local(async move {
                        match ask(&one).await {
                            Ok(said) => format!("{}\t{said}", one.profile),
                            Err(error) => format!("{}\terror: {}", one.profile, DisplayErrorContext(&*error)),
                        }
                    })
                })
                .collect();
            for one in asking {
                println!("{}", one.await.expect("it answers").replace('\n', " "));
            }
        }
    })
    .await;
}
