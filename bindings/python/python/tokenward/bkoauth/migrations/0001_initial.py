from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="AccessToken",
            fields=[
                ("id", models.AutoField(verbose_name="ID", serialize=False, auto_created=True, primary_key=True)),
                ("access_token", models.CharField("access token", max_length=255, unique=True)),
                ("expires", models.DateTimeField("end of the access token")),
                ("refresh_token", models.CharField("refresh token", max_length=255, unique=True)),
                ("scope", models.TextField("scopes")),
                ("env_name", models.CharField("environment", max_length=255)),
                ("user_id", models.CharField("user", max_length=64, null=True, blank=True)),
                ("created_at", models.DateTimeField("created", auto_now_add=True)),
                ("extra", models.TextField("mark of the keeper", null=True, blank=True)),
            ],
            options={
                "db_table": "bkoauth_access_token",
                "verbose_name": "AccessToken",
                "verbose_name_plural": "AccessToken",
            },
        ),
    ]
